# src/store: all SQL. db.c opens and migrates; write*.c take reports in;
# query*.c answer the faces.
libdmarcd_a_SOURCES += \
	src/store/store.h src/store/store_int.h src/store/write_int.h \
	src/store/db.c src/store/narrow.c src/store/pack.c src/store/expire.c src/store/purge.c \
	src/store/write.c src/store/write_sql.c src/store/write_ids.c src/store/write_evidence.c \
	src/store/write_report.c src/store/write_again.c src/store/write_message.c src/store/write_trust.c src/store/write_copy.c \
	src/store/write_failure.c src/store/query_failures.c \
	src/store/write_tls.c src/store/check_tls.c \
	src/store/map.h src/store/map.c src/store/query_senders.c src/store/senders.h src/store/senders.c src/store/senders_decide.c src/store/requests.h src/store/requests.c \
	src/store/quarantine.c src/store/originals.c src/store/rejudge.c src/store/check.c src/store/backup.c \
	src/store/query.h src/store/query_int.h src/store/query_filter.c src/store/query_cache.c src/store/query_pieces.c src/store/query_columns.c \
	src/store/query_prefix.c src/store/query_place.c src/store/query_ptr.c src/store/query_pairs.c src/store/query_health.c src/store/query_flow.c \
	src/store/query_plan.c src/store/query_tally.c src/store/query_sum.c src/store/query_rows.c \
	src/store/query_domains.c src/store/query_reports.c src/store/query_explain.c src/store/query_tls.c src/store/query_tls.h \
	src/store/query_export.c src/store/query_export.h
nodist_libdmarcd_a_SOURCES += src/store/migrations.c
BUILT_SOURCES += src/store/migrations.c
CLEANFILES += src/store/migrations.c

# The numbered migrations become one C file, in order, as text.
src/store/migrations.c: $(migrations) src/store/embed-sql.sh
	$(AM_V_GEN)$(MKDIR_P) src/store && \
	$(SHELL) $(srcdir)/src/store/embed-sql.sh $(addprefix $(srcdir)/,$(migrations)) > $@.tmp && mv $@.tmp $@
EXTRA_DIST += src/store/embed-sql.sh

# what changed in the DNS, on charts
libdmarcd_a_SOURCES += src/store/query_dns_events.c

# MTA-STS policies of our own domains
libdmarcd_a_SOURCES += src/store/policies.c src/store/policies.h

# search
libdmarcd_a_SOURCES += src/store/query_search.h src/store/query_search.c

# host names of sources
libdmarcd_a_SOURCES += src/store/hosts.h src/store/hosts_int.h src/store/hosts.c src/store/query_hosts.c

# what people do about what needs them
libdmarcd_a_SOURCES += src/store/todo.h src/store/todo.c src/store/query_todo.c

# what the DNS says of our own domains
libdmarcd_a_SOURCES += src/store/records.h src/store/records.c src/store/records_look.c src/store/records_said.c src/store/records_walk.c
