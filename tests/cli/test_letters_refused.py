"""`campus keys issue --pdf` where letters cannot be printed: said before a key is issued, and what to install."""

from dataclasses import replace

from tests.cli.grand_bend import ID, GrandBend
from tests.support.presses import broken_library
from tests.support.shell import Shell

ISSUE = ("keys", "issue", "--district", ID, "--csv", "keys.csv")


def test_where_a_library_is_missing_no_key_is_issued_and_csv_works(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    bare = Shell(shell.folder, {**shell.variables, "PYTHONPATH": str(broken_library(shell.folder))})
    for words in (ISSUE, (*ISSUE, "--replace", "maria")):
        code, complaint = bare.refused(*words, "--pdf", "letters.pdf")
        assert code == 1
        assert complaint.startswith("campus: letters as PDF need the extra `pdf` of campus-accounts")
        assert "apt-get install libpango-1.0-0" in complaint
    assert not list(shell.folder.glob("keys.csv")) + list(shell.folder.glob("letters*"))
    assert len(replace(grand_bend, shell=bare).issue_keys("keys.csv")) == 6
    code, complaint = bare.refused("keys", "print", "--district", ID, "--csv", "keys.csv", "--pdf", "letters.pdf")
    assert "need the extra `pdf`" in complaint


def test_letters_are_never_written_over_others(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    (shell.folder / "letters.pdf").write_text("the letters of last year")
    _, complaint = shell.refused(*ISSUE, "--pdf", "letters.pdf")
    assert complaint == "campus: letters.pdf is there already; keys are never written over others\n"
    assert not (shell.folder / "keys.csv").exists()
