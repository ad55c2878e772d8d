# contrib: manuals, samples, the service, completion; what is installed beside the program
dist_man_MANS = src/dmarcd.8 src/dmarcd.conf.5

examplesdir = $(docdir)/examples
dist_examples_DATA = contrib/dmarcd.conf.sample contrib/cron/dmarcd.cron
grafanadir = $(docdir)/grafana
dist_grafana_DATA = contrib/grafana/dmarcd.json contrib/grafana/README.md
dist_doc_DATA = README.md CHANGELOG.md LICENSE contrib/postfix.md contrib/webhook.md contrib/sieve.md

# systemd looks below /usr/local and /usr alike
systemdunitdir = $(prefix)/lib/systemd/system
systemdunit_DATA = contrib/systemd/dmarcd.service contrib/systemd/dmarcd-summary.service
dist_systemdunit_DATA = contrib/systemd/dmarcd-summary.timer
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = contrib/systemd/dmarcd.conf
EXTRA_DIST += contrib/systemd/dmarcd.service.in contrib/systemd/dmarcd-summary.service.in contrib/systemd/dmarcd.sysusers
contrib/systemd/dmarcd.service: contrib/systemd/dmarcd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && \
	$(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	    $(srcdir)/contrib/systemd/dmarcd.service.in > $@.tmp && mv $@.tmp $@
contrib/systemd/dmarcd-summary.service: contrib/systemd/dmarcd-summary.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && \
	$(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	    $(srcdir)/contrib/systemd/dmarcd-summary.service.in > $@.tmp && mv $@.tmp $@
contrib/systemd/dmarcd.conf: contrib/systemd/dmarcd.sysusers
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && cp $(srcdir)/contrib/systemd/dmarcd.sysusers $@

# Completion is made by the program from its own tables.
bashcompdir = $(datadir)/bash-completion/completions
bashcomp_DATA = contrib/completion/dmarcd
zshcompdir = $(datadir)/zsh/site-functions
zshcomp_DATA = contrib/completion/_dmarcd
fishcompdir = $(datadir)/fish/vendor_completions.d
fishcomp_DATA = contrib/completion/dmarcd.fish
DMARCD_COMPLETION = $(MKDIR_P) contrib/completion && ./dmarcd$(EXEEXT) help --completion
contrib/completion/dmarcd: dmarcd$(EXEEXT)
	$(AM_V_GEN)$(DMARCD_COMPLETION) bash > $@.tmp && mv $@.tmp $@
contrib/completion/_dmarcd: dmarcd$(EXEEXT)
	$(AM_V_GEN)$(DMARCD_COMPLETION) zsh > $@.tmp && mv $@.tmp $@
contrib/completion/dmarcd.fish: dmarcd$(EXEEXT)
	$(AM_V_GEN)$(DMARCD_COMPLETION) fish > $@.tmp && mv $@.tmp $@
CLEANFILES += $(systemdunit_DATA) $(sysusers_DATA) $(bashcomp_DATA) $(zshcomp_DATA) $(fishcomp_DATA)
