# make check-valgrind: the unit tests and a run of the daemon below valgrind.
# Not part of make check; bootstrap check runs it.
EXTRA_PROGRAMS += tests/valgrind/dmarcd-open
tests_valgrind_dmarcd_open_SOURCES = src/dmarcd.c tests/valgrind/open.c
tests_valgrind_dmarcd_open_LDADD = $(DMARCD_LIBS)
tests_valgrind_dmarcd_open_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=execv
EXTRA_DIST += tests/valgrind/valgrind.sh tests/valgrind/valgrind.supp
CLEANFILES += tests/valgrind/dmarcd-open$(EXEEXT) tests/valgrind/valgrind.log

check-valgrind: all $(check_PROGRAMS) tests/valgrind/dmarcd-open$(EXEEXT)
	srcdir=$(srcdir) $(SHELL) $(top_srcdir)/tests/valgrind/valgrind.sh $(check_PROGRAMS)
.PHONY: check-valgrind
