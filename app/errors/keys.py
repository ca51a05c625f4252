"""No such district, or a key that opens nothing."""

from app.errors.base import CampusError


class DistrictNotFound(CampusError):
    code = "district_not_found"
    status = 404
    title = "There is no such district here"
    detail = "This school district does not use this portal, or its name was not recognised."
    remedy = "Take the district's id from GET /districts; a district takes part when its `portals` are not empty."


class KeyRefused(CampusError):
    pass


class ActivationKeyInvalid(KeyRefused):
    code = "activation_key_invalid"
    status = 404
    title = "This activation key is not known"
    detail = "This activation key is not known in this district. Check each group of the key, and the district."
    remedy = "Check the key letter by letter, and the district. If it is right, the office can issue a new one."
    next_step = "check_key"


class ActivationKeyUsed(KeyRefused):
    code = "activation_key_used"
    status = 409
    title = "This activation key has been used"
    detail = (
        "This activation key has already been used, so there is an account. "
        "Sign in with it, or choose Forgot password or Forgot username."
    )
    remedy = "Sign in, or recover the username or the password. If somebody else used the key, tell the office."
    next_step = "sign_in_or_recover"


class ActivationKeyExpired(KeyRefused):
    code = "activation_key_expired"
    status = 410
    title = "This activation key has expired"
    detail = "This activation key has expired. The office of the school district issues a new one."
    remedy = "The district's office issues a new key; `support` of the district says how to reach it."
    next_step = "contact_district"
