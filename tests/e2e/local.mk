# tests/e2e: the parts of the house against real and misbehaving servers
check_PROGRAMS += tests/e2e/fetch_driver
tests_e2e_fetch_driver_SOURCES = tests/e2e/fetch_driver.c
tests_e2e_fetch_driver_LDADD = $(DMARCD_LIBS)
# the http role alone, for api.test.ts
check_PROGRAMS += tests/e2e/http_driver
tests_e2e_http_driver_SOURCES = tests/e2e/http_driver.c tests/unit/seed.c tests/unit/seed.h
tests_e2e_http_driver_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_e2e_http_driver_LDADD = $(DMARCD_LIBS)
