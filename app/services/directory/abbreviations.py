"""What the words of districts' names stand for, as they are filed and as people type them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

Meaning = frozenset[str]
"""Words that an abbreviation stands for, all of them."""


def _read(table: str) -> dict[str, tuple[Meaning, ...]]:
    """Lines such as `csd = central school district | community school district`."""
    meanings: dict[str, tuple[Meaning, ...]] = {}
    for line in table.strip().splitlines():
        short, _, full = line.partition("=")
        for word in short.split():
            meanings[word] = tuple(frozenset(each.split()) for each in full.split("|"))
    return meanings


_MEANINGS = _read(
    """
    dist dists districts = district
    schools sch schs schl schls = school
    co cnty cty counties = county
    st ste = saint
    mt = mount
    ft = fort
    hts hgts = heights
    spgs sprgs = springs
    twp twsp = township
    boro = borough
    vlg vill = village
    vly = valley
    mtn = mountain
    n = north
    s so = south
    e = east
    w = west
    comm cmty commun = community
    ind indep = independent
    unif = unified
    pub publ pblc = public
    elem ele elementaries = elementary
    acad academies = academy
    ctr centre centers = center
    ed educ educational = education
    cons consol = consolidated
    cent cen ctl = central
    reg regl = regional
    jt = joint
    jr = junior
    sr = senior
    chtr = charter
    prep = preparatory
    tech = technical | technology
    voc vo = vocational
    corp = corporation
    coop = cooperative
    muni = municipal
    assoc assn = association
    intl = international
    spec = special
    sci = science
    univ = university
    hs = high school
    ms = middle school
    ps = public school
    pcs = public charter school
    cs = charter school | central school
    sd = school district
    isd = independent school district
    usd = unified school district
    psd = public school district
    hsd = high school district
    esd = elementary school district
    rsd = regional school district
    jsd = joint school district
    csd = central school district | community school district | consolidated school district | city school district
    cusd = community unit school district | consolidated unified school district
    ccsd = community consolidated school district
    chsd = community high school district | consolidated high school district
    cisd = consolidated independent school district
    ufsd = union free school district
    uhsd = union high school district
    jusd = joint unified school district
    """
)

KINDS = frozenset(
    {
        *("school", "district", "public", "independent", "unified", "county", "city", "community", "consolidated"),
        *("regional", "local", "area", "corporation", "system", "department", "office", "board", "the", "of", "and"),
        *("township", "borough", "parish", "municipal", "twp", "twsp", "boro", "inc", "llc"),
        *(word for word, meanings in _MEANINGS.items() if any("school" in each for each in meanings)),
        *("districts", "dist", "co", "cnty", "cty", "pub", "publ", "pblc", "comm", "corp"),
    }
)
"""Words that say what kind of district it is: people add them and leave them out."""
NEEDLESS = KINDS - {"city", "ms"}
"""Without these something may be found; but cities have the other word in their names, and Mississippi is a state."""

_PARTICLES = frozenset({"de", "la", "le", "el", "du", "mc", "mac", "van", "o", "d", "r", "re", "bel", "san"})
"""Words that some write together with the next: De Kalb, Mc Allen, O'Fallon, RE-1."""


def meanings(word: str) -> Sequence[Meaning]:
    return _MEANINGS.get(word, ())


def spellings(text: str) -> set[str]:
    """All words under which a folded text is found, those it abbreviates and those that others write together included."""
    words = text.split()
    meant = (meaning for word in words for each in meanings(word) for meaning in each)
    return {*words, *meant, *_together(words)}


def _together(words: Sequence[str]) -> Iterator[str]:
    return (one + other for one, other in pairwise(words) if one in _PARTICLES or other == "s")


def core(text: str) -> str:
    """What is left of a folded name without kinds and numbers, its words in order of the alphabet: who types just that, means it."""
    words = {plain for plain in map(_plain, text.split()) if plain not in KINDS | _NUMBERS and not plain.isdecimal()}
    return " ".join(sorted(words))


def _plain(word: str) -> str:
    """The one word that it abbreviates, if it is one."""
    found = meanings(word)
    return next(iter(found[0])) if len(found) == 1 and len(found[0]) == 1 else word


_NUMBERS = frozenset({"no", "r", "c", "re", "rd", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"})
"""Of districts, with their letters: R-III, C-3, RE-1."""

_STATES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|DC District of Columbia|FL Florida|GA Georgia|
HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|
MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|
NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|
TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|
GU Guam|MP Northern Mariana Islands|PR Puerto Rico|VI Virgin Islands
"""
_WORDS_OF_STATES = {
    entry.split()[0]: frozenset(entry.lower().split()) for entry in _STATES.replace("\n", "").split("|")
}


def state_words(state: str) -> frozenset[str]:
    """`ga` and `georgia`; a state of two words by either."""
    return _WORDS_OF_STATES.get(state, frozenset({state.lower()}))
