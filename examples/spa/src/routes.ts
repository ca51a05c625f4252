/** Every page and its address. The paths of mailed links are those that the service writes (`/activate`, `/reset-password`, ...). */

import { accountPage } from "./pages/account";
import { activatePage } from "./pages/activate";
import { activity } from "./pages/activity";
import { askForKey } from "./pages/ask-for-key";
import { askOffice } from "./pages/ask-office";
import { authenticator } from "./pages/authenticator";
import { changePassword } from "./pages/change-password";
import { children } from "./pages/children";
import { claimPage } from "./pages/claim";
import { findDistrict } from "./pages/find-district";
import { forgotPassword, forgotUsername } from "./pages/forgot";
import { links } from "./pages/links";
import { loginScreen } from "./pages/login-screen";
import { confirmEmail, dispute, resetPassword } from "./pages/mailed-links";
import { officeAccount } from "./pages/office/account";
import { issueKey } from "./pages/office/issue-key";
import { officeSearch } from "./pages/office/search";
import { ownAnswers } from "./pages/own-answers";
import { passkeys } from "./pages/passkeys";
import { questionsPage } from "./pages/questions";
import { recoveryEmail } from "./pages/recovery-email";
import { sessions } from "./pages/sessions";
import { backFromProvider } from "./pages/sso";
import { welcome } from "./pages/welcome";
import type { Route } from "./router";

const FOR_EVERYBODY: Route[] = [
  { path: "/", page: findDistrict },
  { path: "/d/:district", page: loginScreen },
  { path: "/d/:district/new-user", page: activatePage },
  { path: "/d/:district/claim", page: claimPage },
  { path: "/d/:district/ask-for-key", page: askForKey },
  { path: "/d/:district/ask-office", page: askOffice },
  { path: "/d/:district/forgot-password", page: forgotPassword },
  { path: "/d/:district/forgot-username", page: forgotUsername },
  { path: "/d/:district/questions", page: questionsPage },
  { path: "/sso", page: backFromProvider },
  { path: "/activate", page: activatePage },
  { path: "/reset-password", page: resetPassword },
  { path: "/confirm-email", page: confirmEmail },
  { path: "/dispute", page: dispute },
];

const FOR_THE_SIGNED_IN: Route[] = [
  { path: "/welcome", page: welcome },
  { path: "/children", page: children },
  { path: "/districts", page: links },
  { path: "/account", page: accountPage },
  { path: "/account/email", page: recoveryEmail },
  { path: "/account/password", page: changePassword },
  { path: "/account/questions", page: ownAnswers },
  { path: "/account/sessions", page: sessions },
  { path: "/account/activity", page: activity },
  { path: "/account/authenticator", page: authenticator },
  { path: "/account/passkeys", page: passkeys },
  { path: "/office", page: officeSearch },
  { path: "/office/accounts/:id", page: officeAccount },
  { path: "/office/people/:id/key", page: issueKey },
];

export const ROUTES: Route[] = [
  ...FOR_EVERYBODY,
  ...FOR_THE_SIGNED_IN.map((route) => ({ ...route, for: "signed in" as const })),
];
