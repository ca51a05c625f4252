"""Letters and how they leave: facts become a mail, a mail goes to a server or into a folder."""
