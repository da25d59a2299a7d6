# Counting and printing for tests/run: every check ends in one tally, and the tally in one line. Sourced.
# The caller sets root, results (a file) and logs (a folder); wrapper: what the C tests are run under.
: "${root:?}" "${results:?}" "${logs:?}"
wrapper=()

# record PASSED FAILED SKIPPED NAME: adds to the tally.
record() {
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$results"
}

# heading TEXT: announces what comes.
heading() {
	printf '\n== %s\n' "$1"
}

# check NAME COMMAND...: runs a command as one test; its output is shown when it fails.
check() {
	local name=$1 log status=0 started=$SECONDS
	shift
	log=$logs/${name//[^A-Za-z0-9._-]/_}.log
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ "$status" = 0 ]; then
		record 1 0 0 "$name"
		printf '   ok      %s (%s s)\n' "$name" $((SECONDS - started))
	else
		record 0 1 0 "$name"
		printf '   FAILED  %s (exit %s, %s s)\n' "$name" "$status" $((SECONDS - started))
		tail -n 200 "$log" | sed 's/^/           /'
	fi
	return "$status"
}

# record_junit NAME FILE STATUS: adds a JUnit report; a run that ended badly without a failed test counts as one.
record_junit() {
	local name=$1 file=$2 status=$3 counts passed failed skipped
	if ! counts=$(/usr/bin/python3 "$root/tests/lib/tally.py" "$file"); then
		echo "   FAILED  $name wrote no report (exit $status)"
		record 0 1 0 "$name"
		return
	fi
	read -r passed failed skipped <<<"$counts"
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		echo "   FAILED  $name ended with exit $status"
		failed=1
	fi
	record "$passed" "$failed" "$skipped" "$name"
}

# run_ctest PRESET LABEL [ARGUMENT...]: the C tests of one build that carry the label. That there are none is a failure.
run_ctest() {
	local preset=$1 label=$2 status=0 report=$logs/ctest-$1-$2.xml
	shift 2
	rm -f "$report"
	"${wrapper[@]}" ctest --test-dir "$root/build/$preset" -L "^$label\$" --output-on-failure --no-tests=error -j2 \
		--output-junit "$report" "$@" </dev/null || status=$?
	record_junit "ctest $preset $label" "$report" "$status"
}

# run_pytest FOLDER [ARGUMENT...]: the Python tests of a folder, against the daemons of $EVENTLOOP_PRESET; none: failure.
run_pytest() {
	local folder=$1 status=0 report
	report=$logs/pytest-${1//\//-}-${EVENTLOOP_PRESET:-release}.xml
	shift
	rm -f "$report"
	"$root/build/venv/bin/python" -m pytest "$root/$folder" --junitxml="$report" "$@" </dev/null || status=$?
	record_junit "pytest $folder" "$report" "$status"
}

# summary: the failed ones by name, the final line; returns 1 when anything failed.
summary() {
	awk -F'\t' '
		{ passed += $1; failed += $2; skipped += $3 }
		$2 > 0 { names = names "\n   " $4 " (" $2 ")" }
		END {
			if (failed) print "\nfailed:" names
			printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed > 0 || passed == 0
		}' "$results"
}
