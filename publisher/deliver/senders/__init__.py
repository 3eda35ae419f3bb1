"""What carries mails: a folder, SendGrid or a mail server, behind one protocol."""
