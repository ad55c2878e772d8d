# src/auth: users, passwords, sessions, tokens, brakes, the log; libcrypt lives here.
libdmarcd_a_SOURCES += \
	src/auth/auth.h \
	src/auth/audit.c src/auth/brake.c src/auth/change.c src/auth/file.c src/auth/password.c src/auth/secret.c src/auth/seen.c src/auth/session.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_auth
TESTS += tests/unit/test_auth
tests_unit_test_auth_SOURCES = tests/unit/test_auth.c
tests_unit_test_auth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_auth_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
endif
