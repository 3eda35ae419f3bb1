"""A mailing rehearsed: the whole list, the real mail, and nothing leaves this machine."""
