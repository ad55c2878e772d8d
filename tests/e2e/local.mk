# tests/e2e: the parts of the house against real and misbehaving servers
check_PROGRAMS += tests/e2e/fetch_driver
tests_e2e_fetch_driver_SOURCES = tests/e2e/fetch_driver.c
tests_e2e_fetch_driver_LDADD = $(DMARCD_LIBS)
