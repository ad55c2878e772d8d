# `make fuzz SECONDS=60`: every target for that long, one after another, in a
# build made with --enable-fuzzing. What is found stays in fuzz/NAME of the
# build; the seeds of the sources are read and not changed.
SECONDS = 60
FUZZ_TARGETS = $(FUZZ_READING) tests/fuzz/fuzz_failure tests/fuzz/fuzz_conf tests/fuzz/fuzz_query

fuzz: $(FUZZ_TARGETS)
if FUZZING
	@for t in $(FUZZ_TARGETS); do \
		n=`basename $$t`; d=""; \
		test ! -f $(top_srcdir)/$$t.dict || d="-dict=$(top_srcdir)/$$t.dict"; \
		mkdir -p fuzz/$$n && echo "== $$n" && \
		(cd fuzz/$$n && ../../$$t -max_total_time=$(SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		    $$d . $(abs_top_srcdir)/$$t.in 2>log; s=$$?; grep -E 'ERROR|SUMMARY|Done|DEDUP|stat::number' log; exit $$s) || exit 1; \
	done
else
	@echo "make fuzz needs a build made with: CC=clang ./configure --enable-fuzzing --enable-sanitizers"; exit 1
endif

.PHONY: fuzz
