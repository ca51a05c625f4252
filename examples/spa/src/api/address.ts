/** Where the service is; index.html names it, so that one build serves every installation. */
export const ADDRESS = document.querySelector<HTMLMetaElement>("meta[name=campus-api]")?.content ?? "";

/** Which front end asks, for the operator's statistics and for `app_upgrade_required`. */
export const CLIENT = "campus-spa/0.1.0";
