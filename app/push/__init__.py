"""Push messages and how they leave: a notice without names goes to FCM or APNs, or into the log."""
