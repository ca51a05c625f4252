"""Every fault and every warning of a roster: its stable code, and what a district's office should do about it.

No sentence here, and no report made of them, repeats a value of a roster.
"""

from enum import StrEnum
from typing import Self


class AdvisedCode(StrEnum):
    """A code, and a sentence on what to do about it."""

    advice: str

    def __new__(cls, code: str, advice: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.advice = advice
        return member


class FaultCode(AdvisedCode):
    """With one of these nothing is written."""

    # --- the package ---
    PACKAGE_NOT_FOUND = "package_not_found", "There is no such folder or zip file. Check the path."
    NOT_A_ZIP = (
        "not_a_zip",
        "The file is not a zip archive. Give the zip that the student information system made, or the folder with the CSV files.",
    )
    ZIP_ENCRYPTED = "zip_encrypted", "The zip archive has a password. Make it without one."
    ZIP_DAMAGED = "zip_damaged", "The zip archive is damaged. Make or transfer it again."
    ZIP_UNSUPPORTED = (
        "zip_unsupported",
        "The zip archive is compressed in an unusual way. Make it with ordinary (deflate) compression.",
    )
    ZIP_TOO_LARGE = (
        "zip_too_large",
        "The zip archive holds more files or more data than a roster can. Put only the OneRoster files into it.",
    )
    FILE_TOO_LARGE = "file_too_large", "The file is larger than a roster file can be. Export it again."
    FILE_UNREADABLE = "file_unreadable", "The file cannot be opened. Check who may read it."
    NESTED_FOLDER = (
        "nested_folder",
        "The zip archive contains a folder. Zip the CSV files themselves, not the folder around them.",
    )
    DUPLICATE_FILE = (
        "duplicate_file",
        "The zip archive holds two files of the same name. Make it again with one of each.",
    )
    FILE_NAME_CASE = (
        "file_name_case",
        "Capitals count in file names. Name the file exactly as the standard does, such as users.csv.",
    )
    # --- manifest.csv ---
    MISSING_MANIFEST = (
        "missing_manifest",
        "Every package needs manifest.csv. Switch it on in the export of the student information system, and choose OneRoster 1.1 or 1.2 there.",
    )
    UNSUPPORTED_VERSION = (
        "unsupported_version",
        "manifest.csv must say manifest.version 1.0 and oneroster.version 1.1 or 1.2. Export one of these.",
    )
    MISSING_PROPERTY = "missing_property", "manifest.csv lacks this line. Export the package again."
    DUPLICATE_PROPERTY = "duplicate_property", "manifest.csv says this twice. Keep one of the lines."
    BAD_MODE = "bad_mode", "A file in manifest.csv is bulk, delta or absent, in small letters."
    DECLARED_FILE_MISSING = (
        "declared_file_missing",
        "manifest.csv announces this file, but it is not in the package. Export it, or declare it absent.",
    )
    ABSENT_FILE_PRESENT = (
        "absent_file_present",
        "manifest.csv declares this file absent, but it is in the package. Make the two agree.",
    )
    UNDECLARED_FILE_PRESENT = (
        "undeclared_file_present",
        "This file is in the package, but not in manifest.csv. Declare it there.",
    )
    REQUIRED_FILE_ABSENT = "required_file_absent", "A portal cannot do without this file. Include it in the export."
    # --- the text of a CSV file ---
    EMPTY_FILE = "empty_file", "The file is empty. Export it again, or declare it absent."
    NO_ROWS = "no_rows", "The file has a header but no rows. Export it again."
    NOT_UTF8 = "not_utf8", "The row is not UTF-8 text. Save the file as CSV UTF-8."
    BROKEN_QUOTING = (
        "broken_quoting",
        "A quotation mark stands where none may be. A field with quotes or commas is quoted, and its quotes are doubled.",
    )
    LINE_BREAK_IN_FIELD = "line_break_in_field", "A field goes on in the next line. Take the line break out of it."
    LINE_TOO_LONG = (
        "line_too_long",
        "The row is far too long for a roster. Check that the file has line ends and balanced quotes.",
    )
    CONTROL_CHARACTER = (
        "control_character",
        "The row holds an invisible control character, such as a tab. Remove it in the student information system.",
    )
    RAGGED_ROW = (
        "ragged_row",
        "The row has more or fewer fields than the header. Look for a missing or an unquoted comma.",
    )
    # --- the header ---
    BAD_HEADER = "bad_header", "The first row must name the columns exactly as the standard does; capitals count."
    MISSING_COLUMN = "missing_column", "The file lacks this column. Add it to the export, even where it is blank."
    DUPLICATE_COLUMN = "duplicate_column", "The column stands twice in the header. Keep one of the two."
    # --- the values ---
    REQUIRED_VALUE_MISSING = (
        "required_value_missing",
        "This value must not be blank. Fill it in in the student information system.",
    )
    BAD_GUID = "bad_guid", "A sourcedId has 1 to 255 letters, digits and . / @ _ - and no spaces."
    BAD_BOOLEAN = "bad_boolean", "The value must be true or false."
    BAD_DATE = "bad_date", "A date is written year-month-day, such as 2014-11-13, and must exist."
    BAD_DATETIME = "bad_datetime", "A moment is written like 2026-08-20T12:00:00.000Z."
    BAD_YEAR = "bad_year", "A year has four digits, such as 2027 for the school year 2026 to 2027."
    BAD_NUMBER = "bad_number", "The value must be a number, with a point before decimals."
    BAD_RANGE = "bad_range", "The lowest value is above the highest. Swap or correct them."
    BAD_LIST = "bad_list", "A list has its items with commas between, such as {A:94},{B:84}, and none of them is blank."
    BAD_OBJECTIVE_ID = (
        "bad_objective_id",
        "The id of a learning objective of CASE is written like urn:uuid:11111111-1111-1111-1111-111111111111.",
    )
    BAD_ENUM = "bad_enum", "The standard has a list of words for this column, and this is none of them; capitals count."
    TOO_LONG = "too_long", "The value is too long: at most 255 characters."
    DUPLICATE_SOURCED_ID = "duplicate_sourced_id", "This sourcedId stands in the file twice. Each row needs its own."
    DANGLING_REFERENCE = (
        "dangling_reference",
        "The row points to a sourcedId that is not in the package, nor, if it holds changes (delta), in the district's roster. Export both, or neither.",
    )
    SSN_LAST4_ONLY = (
        "ssn_last4_only",
        "Only the last four digits of a social security number may be sent, as metadata.ssnLast4. Never send the whole number.",
    )
    # --- the whole ---
    TOO_MANY_ENDED = (
        "too_many_ended",
        "The package would end access for more people than allowed. Check that the export is complete; if it is, allow more to end (allow_ending) and repeat.",
    )


class WarningCode(AdvisedCode):
    """Accepted, but worth a look."""

    UNKNOWN_FILE = (
        "unknown_file",
        "This CSV file does not belong to this version of OneRoster. It was not read.",
    )
    OTHER_FILE_IGNORED = "other_file_ignored", "The package holds a file or folder that is not CSV. It was not read."
    NOTHING_TO_READ = (
        "nothing_to_read",
        "The package holds none of the files that a portal reads. Nothing was changed.",
    )
    MICROSOFT_SDS = (
        "microsoft_sds",
        "This is a package of Microsoft School Data Sync, read as far as it goes: it has no student numbers. Better export OneRoster 1.1 or 1.2.",
    )
    UNKNOWN_PROPERTY = "unknown_property", "manifest.csv has a line that the standard does not know. It was not used."
    UNDECLARED_FILE = "undeclared_file", "manifest.csv does not say whether this file is sent. It was taken as absent."
    BYTE_ORDER_MARK = "byte_order_mark", "The file begins with a byte order mark. It was skipped."
    BLANK_LINE = "blank_line", "The file has blank lines. They were skipped."
    COLUMNS_OUT_OF_ORDER = (
        "columns_out_of_order",
        "The columns are not in the order of the standard. They were found by their names.",
    )
    EXTRA_COLUMN = "extra_column", "The file has columns that the standard does not know. They were not read."
    MISSING_OPTIONAL_COLUMN = (
        "missing_optional_column",
        "The standard wants this column, even where it is blank. Nothing here needs it.",
    )
    LIFECYCLE_IN_BULK = "lifecycle_in_bulk", "In a bulk package this column should be blank. It was read all the same."
    BARE_DATE = "bare_date", "A date stands where the standard wants a moment. It was accepted."
    NO_CHANGES = (
        "no_changes",
        "The file has a header but no rows, so that it changes nothing. Better declare it absent.",
    )
    INACTIVE_AS_DELETED = (
        "inactive_as_deleted",
        "The status inactive is of OneRoster 1.0. It was taken as tobedeleted.",
    )
    LOOSE_MOMENT = (
        "loose_moment",
        "A moment should be written like 2026-08-20T12:00:00.000Z. It was understood.",
    )
    MARKED_DELETED = "marked_deleted", "Rows marked as deleted were taken as not sent."
    NOT_LOWER_CASE = (
        "not_lower_case",
        "true and false should be in small letters, which spreadsheet programs change. They were understood.",
    )
    PASSWORD_DROPPED = (
        "password_dropped",
        "The file carries passwords. They were dropped and not stored; switch them off in the export.",
    )
    EMAIL_DROPPED = (
        "email_dropped",
        "Not a usable e-mail address. It was left out; correct it in the student information system.",
    )
    UNREADABLE_USER_IDS = (
        "unreadable_user_ids",
        "userIds is a list like {Type:Id}. What could not be read was left out.",
    )
    SSN_DROPPED = "ssn_dropped", "Digits of a social security number are kept for students only. Others were dropped."
    EXT_ROLE_IGNORED = "ext_role_ignored", "A role of your own (ext:) was not used."
    EXT_ROLE_AS_GUARDIAN = (
        "ext_role_as_guardian",
        "A role of your own (ext:) was read as parent, guardian or relative, after the word in it. Check it.",
    )
    MIXED_ADULT_ROLES = (
        "mixed_adult_roles",
        "An adult is a relative besides parent or guardian, and the roster does not say of whom. Taken as a relative.",
    )
    USER_WITHOUT_ROLE = (
        "user_without_role",
        "Somebody has no role, and so no portal. Give a role, or leave the person out.",
    )
    AGENT_NOT_LINKED = (
        "agent_not_linked",
        "An agent link is not between an adult (parent, guardian, relative) and a student. No relationship was made.",
    )
    GUARDIAN_WITHOUT_STUDENT = (
        "guardian_without_student",
        "An adult has no student, and so no portal. Link one, or leave the adult out.",
    )
    STUDENT_WITHOUT_NUMBER = (
        "student_without_number",
        "A student has no number (identifier), which claims and key requests ask for.",
    )
    STUDENT_NUMBER_SHARED = (
        "student_number_shared",
        "Two students have the same number. Claims and key requests cannot tell them apart.",
    )
    STUDENT_WITHOUT_BIRTH_DATE = (
        "student_without_birth_date",
        "A student has no birth date in demographics.csv, which key requests may ask for.",
    )
    STUDENT_WITHOUT_SCHOOL = (
        "student_without_school",
        "A student belongs to no org of the type school. Keys cannot be issued for the student's school.",
    )


FORBIDDEN = frozenset(
    {
        WarningCode.UNKNOWN_FILE,
        WarningCode.UNKNOWN_PROPERTY,
        WarningCode.UNDECLARED_FILE,
        WarningCode.BLANK_LINE,
        WarningCode.COLUMNS_OUT_OF_ORDER,
        WarningCode.EXTRA_COLUMN,
        WarningCode.MISSING_OPTIONAL_COLUMN,
        WarningCode.LIFECYCLE_IN_BULK,
        WarningCode.BARE_DATE,
        WarningCode.NO_CHANGES,
        WarningCode.INACTIVE_AS_DELETED,
        WarningCode.LOOSE_MOMENT,
        WarningCode.NOT_LOWER_CASE,
        WarningCode.UNREADABLE_USER_IDS,
    }
)
"""What the standard forbids: warnings, and faults in a strict import. (It allows a byte order mark, and has a column for passwords.)"""

ADVICE = {code.value: code.advice for kind in (FaultCode, WarningCode) for code in kind}
