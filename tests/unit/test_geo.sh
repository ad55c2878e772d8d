#!/bin/sh
# Countries and networks on the command line: files of our own making, a file
# that is not what it should be, none at all.
set -u
dir=$(mktemp -d "${TMPDIR:-/tmp}/dmarcd-geo.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' HUP INT TERM
n=0
fails=0
check() {	# WHAT CONDITION...
	what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		fails=$((fails + 1))
	fi
}
has() {	# FILE WORDS
	grep -qF -- "$2" "$1"
}
row() {	# IP COUNT
	cat <<END
<record><row><source_ip>$1</source_ip><count>$2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
</policy_evaluated></row><identifiers><header_from>example.org</header_from></identifiers><auth_results><spf><domain>example.org</domain>
<result>fail</result></spf></auth_results></record>
END
}
{
	echo '<feedback><report_metadata><org_name>reporter.example</org_name><email>d@reporter.example</email><report_id>1</report_id>'
	echo '<date_range><begin>1779580800</begin><end>1779667199</end></date_range></report_metadata>'
	echo '<policy_published><domain>example.org</domain><p>none</p></policy_published>'
	row 192.0.2.10 40
	row 198.51.100.7 30
	row 2001:db8::1 20
	row 10.1.2.3 10
	echo '</feedback>'
} >"$dir/report.xml"
printf '192.0.2.0,192.0.2.255,DE\n2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,PT\n' >"$dir/c.csv"
printf '192.0.2.0,192.0.2.255,64500,"Example, Inc"\n198.51.100.0,198.51.100.255,64501,Other\n' >"$dir/n.csv"
echo "Made up for a test." >"$dir/note"
data/pack country "$dir/c.dat" 20260531 "$dir/note" "$dir/c.csv" >/dev/null &&
    data/pack network "$dir/n.dat" 20260531 "$dir/note" "$dir/n.csv" >/dev/null || exit 1
conf() {	# NAME COUNTRY NETWORK
	printf 'state = "%s/state"\ngeo {\n\tcountry = "%s"\n\tnetwork = "%s"\n}\n' "$dir" "$2" "$3" >"$dir/$1"
}
conf good "$dir/c.dat" "$dir/n.dat"
conf none none none
conf bad "$dir/report.xml" "$dir/n.dat"
conf swapped "$dir/n.dat" "$dir/c.dat"
conf relative c.dat none
mkdir "$dir/state"
d() {	# CONF ARGUMENTS...: output in out, what is said in said
	c=$1
	shift
	./dmarcd -c "$dir/$c" "$@" >"$dir/out" 2>"$dir/said"
}

echo "1..17"
d good import "$dir/report.xml"
d good sources --t all --format csv
check "a source has its country and network" has "$dir/out" 'DE,"AS64500 Example, Inc",64500,'
check "one has a network only" has "$dir/out" ',AS64501 Other,64501,'
check "a private address is told to be one" has "$dir/out" ',(private),,private,'
d good sources --t all --by country --format csv
check "by country, those that are nobody's are one group" has "$dir/out" 'reserved,'
d good records --t all --country PT --format json
check "rows of a country" [ "$(grep -c '"country":"PT"' "$dir/out")" = 1 ]
d good records --t all --asn '~other' --format json
check "rows of a network by a part of its name" has "$dir/out" '"network":"Other"'
d good senders --t all
check "a sender is known by its network" has "$dir/out" "AS64500 Example, Inc"
check "and has countries" has "$dir/out" "DE"
d good records --t all --country Germany
check "a country is two letters" [ $? = 2 ]
check "which is said" has "$dir/said" 'country: "Germany" is not a country like DE'
d none sources --t all --by country
check "without data there is no answer" [ $? = 2 ]
check "and it is said why" has "$dir/said" "switched off in the configuration"
d bad config check
check "a file that is none is found by config check" [ $? = 2 ]
check "which names it" has "$dir/said" "$dir/report.xml is neither a file of places of dmarcd nor a sound one in MaxMind's form"
d bad sources --t all
check "and does not stop a question" has "$dir/said" "countries and networks are not shown"
d swapped config check
check "a file of networks tells no countries" has "$dir/said" "does not tell countries"
d relative config check
check "a path begins with a slash" has "$dir/said" 'country "c.dat" is neither a path that begins with a slash nor none'
[ $fails -eq 0 ]
