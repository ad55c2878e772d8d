# src/mailbox: IMAP and POP3 (libetpan) over our own GnuTLS stream
libdmarcd_a_SOURCES += \
	src/mailbox/mailbox.c src/mailbox/mailbox.h src/mailbox/room.h \
	src/mailbox/stream.c src/mailbox/stream.h \
	src/mailbox/imap.c src/mailbox/imap.h \
	src/mailbox/imap_session.c src/mailbox/imap_settle.c \
	src/mailbox/pop3.c \
	src/mailbox/state.c src/mailbox/state.h \
	src/mailbox/uidset.c src/mailbox/uidset.h \
	src/mailbox/utf7.c src/mailbox/utf7.h \
	src/mailbox/smtp.c src/mailbox/smtp.h
