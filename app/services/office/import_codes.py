"""Every fault and warning of files of accounts and of keys: its stable code, and what to do about it. None repeats a value of a file."""

from app.services.roster.codes import AdvisedCode


class RowFault(AdvisedCode):
    """With one of these nothing is written."""

    FILE_TOO_LARGE = "file_too_large", "The file is larger than such a file can be. Split it."
    NO_ROWS = "no_rows", "The file has a header and nothing else, or not even that."
    MISSING_COLUMN = "missing_column", "This column is required. Its name must stand in the first row."
    DUPLICATE_COLUMN = "duplicate_column", "Two columns have this name. Leave one."
    REQUIRED_VALUE_MISSING = "required_value_missing", "The field is empty. Fill it, or take the row out."
    BAD_PORTAL = "bad_portal", "A portal is parent, student or staff."
    PERSON_NOT_FOUND = (
        "person_not_found",
        "Nobody in this district has this id or sourced id. Import the roster first, or take the row out.",
    )
    DUPLICATE_PERSON = "duplicate_person", "An earlier row is for the same person and portal. Leave one."
    USERNAME_UNUSABLE = (
        "username_unusable",
        "A username has at most 128 characters, and none that control the screen. Choose another one.",
    )
    USERNAME_RESERVED = (
        "username_reserved",
        "Names such as S0123456 are kept for the student with this number. Choose another one.",
    )
    DUPLICATE_USERNAME = (
        "duplicate_username",
        "An earlier row has the same username in this portal; capitals do not matter. Choose another one.",
    )
    USERNAME_TAKEN = (
        "username_taken",
        "Somebody else has this username in this portal; capitals do not matter. Choose another one.",
    )
    HASH_UNKNOWN = (
        "hash_unknown",
        "This is no hash of bcrypt, Argon2, PBKDF2 or scrypt. Leave the field empty: its owner gets a key. Delete files with plain passwords.",
    )
    HASH_DAMAGED = "hash_damaged", "The hash is cut off or was changed on the way. Export it again, or leave it out."
    HASH_TOO_COSTLY = (
        "hash_too_costly",
        "Verifying this hash would take too long or too much memory. Leave the field empty: its owner gets a key.",
    )
    BAD_EMAIL = "bad_email", "This is no e-mail address. Correct it or leave the field empty."
    KEY_CHARACTERS = "key_characters", "A key is made of letters A to Z and digits; dashes and spaces do not matter."
    KEY_TOO_WEAK = (
        "key_too_weak",
        "The key is too short or too regular to be a secret. Issue a key instead (campus keys issue --replace).",
    )
    KEY_TOO_LONG = "key_too_long", "A key has at most 64 letters and digits."
    DUPLICATE_KEY = "duplicate_key", "Somebody else has, or had, the same key. Issue a key instead."
    BAD_HOUSEHOLD_VALUE = (
        "bad_household_value",
        "This cannot stand in a household: two letters for a state, five digits for a ZIP code, telephone numbers and addresses with ; between.",
    )
    HOUSEHOLD_APART = (
        "household_apart",
        "An earlier row, and others between, are of the same household. Sort the file by household_id.",
    )
    HOUSEHOLD_DIFFERS = (
        "household_differs",
        "The first row of this household says something else. Say the same in all of its rows, or nothing.",
    )


class RowWarning(AdvisedCode):
    """The other rows are imported."""

    EXTRA_COLUMN = "extra_column", "The column is not known. It was not read."
    MAY_NOT_ENTER = (
        "may_not_enter",
        "This person may not enter the portal, as the roster stands. The row was left out.",
    )
    ACCOUNT_DIFFERS = (
        "account_differs",
        "This person has an account already, and it differs. It stays as it is.",
    )
    NO_WAY_IN = (
        "no_way_in",
        "Without a hash no password opens the account. Its owner needs a key (campus accounts reset, campus keys import).",
    )
    HAS_ACCOUNT = (
        "has_account",
        "This person has an account with a password, or one that is switched off. A key that others may know must not replace it.",
    )
    WORKS_IN_OFFICE = (
        "works_in_office",
        "This person works in the district's office. A key that others may know must not open that.",
    )
