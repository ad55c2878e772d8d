# src/report: the model of a report, the reader of aggregate reports, the wire form
libdmarcd_a_SOURCES += \
	src/report/report.h src/report/quirk.h src/report/names.c \
	src/report/refusal.c src/report/refusal.h \
	src/report/aggregate.c src/report/aggregate.h \
	src/report/elements.c src/report/elements.h src/report/repair.c src/report/repair.h \
	src/report/value.c src/report/value.h \
	src/report/hints.c src/report/hints.h \
	src/report/wire.c src/report/wire.h \
	src/report/failure.c src/report/failure.h src/report/fields.c src/report/fields.h \
	src/report/mail_date.c src/report/mail_date.h src/report/redact.c src/report/redact.h \
	src/report/wire_failure.c src/report/wire_failure.h \
	src/report/tls.h src/report/tls_names.c src/report/tlsrpt.c src/report/tlsrpt_int.h src/report/tlsrpt_value.c src/report/tlsrpt_policy.c src/report/tlsrpt.h \
	src/report/json_split.c src/report/json_split.h \
	src/report/copy.h src/report/copy_int.h src/report/copy.c src/report/copy_build.c src/report/copy_times.c src/report/copy_csv.c \
	src/report/wire_tls.c src/report/wire_tls.h
