# schema: numbered SQL migrations (src/store embeds them) and the API description
migrations = schema/0001-reports.sql schema/0002-quarantine.sql schema/0003-trust.sql schema/0004-failures.sql \
	schema/0005-tls.sql schema/0006-senders.sql schema/0007-quarantine-place.sql \
	schema/0008-hosts.sql schema/0009-requests.sql schema/0010-failure-trust.sql \
	schema/0013-todo.sql \
	schema/0011-dns.sql \
	schema/0014-edition.sql \
	schema/0015-policies.sql
EXTRA_DIST += $(migrations) schema/openapi.yaml
