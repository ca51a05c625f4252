"""The demo districts, their people and their notices. All people are invented; 555-01xx numbers belong to nobody."""

from datetime import date

from app.demo.blueprint import Adult, Child, DemoDistrict, DemoLogin, DemoStaff, Family, Home, Notice
from app.portals import Portal
from app.services.clerk import StaffRole

PASSWORD = "bright river 42"  # noqa: S105  # of every demo login; the demo refuses to run in production

TOTP_SECRET = "CAMPUSDEMOCAMPUSDEMOCAMPUSDEMO2A"  # noqa: S105  # of every demo authenticator; see above

JACKSON = DemoDistrict(
    id="jackson-ga",
    name="Jackson County Schools",
    state="GA",
    city="Jefferson",
    timezone="America/New_York",
    settings=(
        "languages=en,es",
        "features.key_request=true",
        "key_request.fields=birth_date",
        "support.phone=706-555-0110",
        "support.email=portal@jackson.example.org",
        "origins=http://localhost:5173,http://127.0.0.1:5173",
    ),
    schools=("Jackson Elementary School", "Jackson High School"),
    families=(
        Family(
            "Lopez",
            (Adult("Maria", email="maria.lopez@example.org"), Adult("Jorge")),
            (
                Child("Ana", "0204117", 0, "2017-05-06", "2040117001"),
                Child("Luis", "0204118", 1, "2010-09-14", "2040118002"),
            ),
        ),
        Family(
            "Nguyen",
            (Adult("Linh", email="linh.nguyen@example.org"),),
            (Child("Minh", "0204201", 0, "2016-02-11", "2040201003"),),
        ),
        Family(
            "Carter",
            (Adult("Denise"), Adult("Robert", "guardian")),
            (Child("Malik", "0204302", 1, "2009-12-01", "2040302004"),),
        ),
        Family(
            "Okafor",
            (Adult("Chinelo"), Adult("Ada", "relative")),
            (Child("Obi", "0204410", 0, "2018-07-23", "2040410005"),),
        ),
        Family("Smith", (Adult("Karen"),), (Child("Tyler", "0204512", 1, "2011-03-30", "2040512006"),)),
    ),
    logins=(
        DemoLogin(
            "A-Lopez-Maria",
            Portal.PARENT,
            "maria2026",
            "Maria Lopez, mother of Ana and Luis",
            "maria.lopez@example.org",
        ),
        DemoLogin("C-0204118", Portal.STUDENT, "luis2010", "Luis Lopez, a student"),
    ),
    staff=(
        DemoStaff("Dana", "Reed", "dana2026", StaffRole.DISTRICT_ADMIN, "Dana Reed, runs the portal for the district"),
        DemoStaff("Hugo", "Park", "hugo2026", StaffRole.HELP_DESK, "Hugo Park, answers the help desk's phone"),
    ),
    notices=(
        Notice(
            date(2026, 7, 1),
            "New to the parent portal?",
            "Your school gives you a personal activation key. Choose New User and type the key exactly as it is printed.",
            "How to activate your account",
            "https://www.jackson.example.org/parent-portal",
        ),
        Notice(
            date(2026, 7, 1),
            "Pay for school meals online",
            "Meals can be paid for online from the first day of school.",
            "Meals and payments",
            "https://www.jackson.example.org/meals",
        ),
        Notice(
            date(2026, 7, 1),
            "¿Es nuevo en el portal para padres?",
            "Pida su clave de activación antes de abrir el enlace de activación. Necesita el número de estudiante y la fecha de nacimiento.",
            "Más detalles en español",
            "https://www.jackson.example.org/portal-para-padres",
        ),
    ),
    homes=(
        Home(
            "A-Lopez-Maria",
            ("C-0204117", "C-0204118"),
            "12 Oak Lane, Apt 3",
            "30549",
            ("706-555-0134",),
            ("maria.lopez@example.org",),
        ),
        Home("A-Lopez-Jorge", ("C-0204117",), "48 Mill Road", "30549", ("706-555-0178",)),
    ),
    grading=1,
    to_try=(
        "Is the address right? GET /me/household, POST /me/household/verifications as maria2026; GET /admin/household-requests as hugo2026",
        "What the schools have on in the app: GET /me/menu as maria2026; while Luis's school gives grades, only Ana's show",
        "Ask for a key: POST /activate/key-requests, student 0204201, birth date 2016-02-11; it is mailed to Linh Nguyen",
        "Forget the password of maria2026: POST /password-reset, then read the mail",
        "The office: sign in as hugo2026 or dana2026 in the portal staff, with the code of `campus demo --totp`",
        "Ask the office for help: POST /support-tickets, then GET /admin/support-tickets as hugo2026",
    ),
)

ATLANTA = DemoDistrict(
    id="atlanta-ga",
    name="Atlanta Public Schools",
    state="GA",
    city="Atlanta",
    timezone="America/New_York",
    settings=(
        "languages=en,es,am",
        "password_policy.min_length=6",
        "password_policy.alphanumeric=true",
        "password_policy.strong=true",
        "username_recovery.lockout=account",
        "features.key_request=true",
        "key_request.fields=ssn_last4",
        "support.phone=404-555-0100",
        "support.ticket.label=Let's Talk",
        "support.ticket.url=https://www.atlanta.example.org/lets-talk",
    ),
    schools=("Peachtree Elementary School", "Piedmont Middle School"),
    families=(
        Family(
            "Johnson",
            (Adult("Keisha", email="keisha.johnson@example.org"),),
            (Child("Jada", "1100345", 0, "2016-10-02", "3100345001", "0345"),),
        ),
        Family(
            "Tesfaye",
            (Adult("Hanna", email="hanna.tesfaye@example.org"), Adult("Dawit")),
            (Child("Sara", "1100412", 1, "2013-01-19", "3100412002", "0412"),),
        ),
        Family("Williams", (Adult("Marcus"),), (Child("Zion", "1100520", 1, "2012-06-08", "3100520003", "0520"),)),
    ),
    logins=(
        DemoLogin(
            "A-Johnson-Keisha", Portal.PARENT, "keisha7", "Keisha Johnson, mother of Jada", "keisha.johnson@example.org"
        ),
    ),
    to_try=(
        "Ask for a key: POST /activate/key-requests, student 1100412, last four digits of the SSN 0412; it is mailed to Hanna Tesfaye",
        "Activate with it: six characters will do, letters and digits, three of the four kinds",
        "Ask six times for the username of keisha.johnson@example.org: POST /username-recovery; until midnight she cannot sign in",
    ),
)

CLAYTON = DemoDistrict(
    id="clayton-ga",
    name="Clayton County Public Schools",
    state="GA",
    city="Jonesboro",
    timezone="America/New_York",
    settings=(
        "languages=en,es,vi",
        "password_policy.history=24",
        "features.claim=true",
        "claim.match=exact",
        "features.challenge_questions=true",
        "support.phone=770-555-0120",
        "support.url=https://www.clayton.example.org/help",
    ),
    schools=("Flint River Elementary School", "Lovejoy High School"),
    families=(
        Family("Brown", (Adult("Tanya"),), (Child("Jordan", "0123456", 1, "2009-04-17", "4123456001"),)),
        Family("Tran", (Adult("Mai"),), (Child("Kim", "0123460", 0, "2015-08-25", "4123460002"),)),
        Family("Davis", (Adult("Andre"),), (Child("Nia", "0123471", 1, "2010-11-03", "4123471003"),)),
        Family("Walker", (Adult("Joy"),), (Child("Imani", "0123488", 1, "2010-02-27", "4123488004", hours_ago=25),)),
        Family("Reyes", (Adult("Rosa"),), (Child("Mateo", "0123490", 0, "2016-09-09", "4123490005", hours_ago=0),)),
    ),
    logins=(
        DemoLogin("A-Brown-Tanya", Portal.PARENT, "tanya42", "Tanya Brown, mother of Jordan"),
        DemoLogin("C-0123456", Portal.STUDENT, "S0123456", "Jordan Brown, a student"),
    ),
    to_try=(
        "Claim an account, names exactly as here: POST /activate/claim as Nia Davis 0123471, or Imani Walker 0123488, new since yesterday",
        "Mateo Reyes 0123490 is new today and told to come back; Jordan Brown 0123456 has claimed",
        "Forget the password of a claimed account: POST /password-reset/questions, then /password-reset/answers",
    ),
)

CAPE_FEAR = DemoDistrict(
    id="cape-fear-nc",
    name="Cape Fear County Schools",
    state="NC",
    city="Wilmington",
    timezone="America/New_York",
    settings=("languages=en,es", "support.phone=910-555-0130"),
    schools=("Harbor Elementary School",),
    families=(
        Family(
            "Garcia", (Adult("Elena", email="elena.garcia@example.org"),), (Child("Sofia", "5500101", 0, "2017-01-12"),)
        ),
        Family("Miller", (Adult("Paul"),), (Child("Emma", "5500102", 0, "2016-03-09"),)),
    ),
    logins=(
        DemoLogin(
            "A-Garcia-Elena",
            Portal.PARENT,
            "elena1",
            "Elena Garcia, mother of Sofia (and of Mateo in Delaware)",
            "elena.garcia@example.org",
        ),
    ),
)

BRANDYWINE = DemoDistrict(
    id="brandywine-de",
    name="Brandywine Valley School District",
    state="DE",
    city="Wilmington",
    timezone="America/New_York",
    settings=("languages=en,es", "support.phone=302-555-0140"),
    schools=("Brandywine Valley High School",),
    families=(
        Family(
            "Garcia", (Adult("Elena", email="elena.garcia@example.org"),), (Child("Mateo", "7700901", 0, "2010-05-28"),)
        ),
        Family("Moore", (Adult("Grace"),), (Child("Ethan", "7700902", 0, "2011-12-12"),)),
    ),
    logins=(
        DemoLogin(
            "A-Garcia-Elena",
            Portal.PARENT,
            "elena2",
            "Elena Garcia, mother of Mateo (and of Sofia in North Carolina)",
            "elena.garcia@example.org",
        ),
    ),
)

DEMO_DISTRICTS = (JACKSON, ATLANTA, CLAYTON, CAPE_FEAR, BRANDYWINE)
