# src/process: roles and what they say to each other
libdmarcd_a_SOURCES += \
	src/process/fetcher.c src/process/fetcher.h \
	src/process/intake.c src/process/intake.h \
	src/process/notifier.c src/process/notifier.h \
	src/process/link.c src/process/link.h \
	src/process/mailbox_status.c src/process/mailbox_status.h \
	src/process/decoder.c \
	src/process/decoders.c src/process/decoders.h \
	src/process/derive.c src/process/derive.h \
	src/process/ingest.c src/process/ingest.h \
	src/process/ingester.c src/process/ingester.h \
	src/process/peek.c src/process/peek.h \
	src/process/raw.c src/process/raw.h \
	src/process/request.c src/process/request.h \
	src/process/requests.c src/process/requests.h src/process/request_todo.c src/process/request_people.c \
	src/process/settings.c src/process/settings.h \
	src/process/sandbox.c src/process/sandbox.h \
	src/process/supervisor.c src/process/supervisor.h \
	src/process/trust.c src/process/trust.h \
	src/process/geo.c src/process/geo.h src/process/who.c src/process/who.h \
	src/process/role.c src/process/role.h

# host names: the process that asks, and who tells it what
libdmarcd_a_SOURCES += src/process/resolver.c src/process/resolver.h src/process/hosts.c src/process/hosts.h \
	src/process/names.c src/process/names.h

# MTA-STS policies: the process that looks, and who tells it where
libdmarcd_a_SOURCES += src/process/visitor.c src/process/visitor.h src/process/policies.c src/process/policies.h
