"""The families of defects that others shipped (D1 to D38): which tests show that they are not here, and that these tests would notice.

A test belongs to a family by its name, `test_d3_...` or `test_d9_d10_...`. `removals/` says for each family how its protection is taken
out, and which tests must fail then; `make proofs` takes it out, in a copy of the tree, and looks.
"""
