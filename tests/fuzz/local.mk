# `make fuzz SECONDS=60`: every target for that long, one after another, in a
# build made with --enable-fuzzing; a line each. What is found stays in
# fuzz/NAME of the build and is named; the seeds of the sources are read and
# not changed. Exit code 0: nothing was found.
SECONDS = 60
FUZZ_TARGETS = $(FUZZ_READING) tests/fuzz/fuzz_failure tests/fuzz/fuzz_conf tests/fuzz/fuzz_query tests/fuzz/fuzz_places

fuzz: $(FUZZ_TARGETS)
if FUZZING
	@rv=0; for t in $(FUZZ_TARGETS); do \
		n=`basename $$t`; d=""; \
		test ! -f $(abs_top_srcdir)/$$t.dict || d="-dict=$(abs_top_srcdir)/$$t.dict"; \
		mkdir -p fuzz/$$n/corpus || exit 1; \
		(cd fuzz/$$n && exec ../../$$t -max_total_time=$(SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
		    -print_final_stats=1 $$d corpus $(abs_top_srcdir)/$$t.in >log 2>&1); s=$$?; \
		e=`sed -n 's/^stat::number_of_executed_units: *//p' fuzz/$$n/log`; \
		f=`sed -n 's/.*Test unit written to \.\///p' fuzz/$$n/log`; \
		if test $$s -eq 0; then \
			echo "$$n: $${e:-0} executions in $(SECONDS) s, nothing found"; \
		elif test -n "$$f"; then \
			echo "$$n: FOUND fuzz/$$n/$$f after $${e:-some} executions, see fuzz/$$n/log:"; rv=1; \
			grep -m 1 -E 'ERROR:|SUMMARY:' fuzz/$$n/log; \
		else \
			echo "$$n: does not run (exit code $$s), see fuzz/$$n/log:"; tail -n 2 fuzz/$$n/log; rv=1; \
		fi; \
	done; exit $$rv
else
	@echo "make fuzz needs a build made with: CC=clang ./configure --enable-fuzzing --enable-sanitizers"; exit 1
endif

.PHONY: fuzz
