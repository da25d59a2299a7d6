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

# skip NAME REASON: counts what cannot be run on this machine.
skip() {
	printf '   skipped %s: %s\n' "$1" "$2"
	record 0 0 1 "$1"
}

# exit_text STATUS: how a command ended, in words.
exit_text() {
	case $1 in
	126) echo "exit 126: it could not be executed" ;;
	127) echo "exit 127: it was not found" ;;
	129 | 1[3-9][0-9]) echo "exit $1: signal $(kill -l $(($1 - 128)) 2>/dev/null || echo $(($1 - 128)))" ;;
	*) echo "exit $1" ;;
	esac
}

# record_junit NAME FILE STATUS COMMAND...: adds the JUnit report of a command that ended so; one that ended badly without
# a failed test counts as one, and so does a missing report.
record_junit() {
	local name=$1 file=$2 status=$3 counts passed failed skipped
	shift 3
	if ! counts=$(/usr/bin/python3 "$root/tests/lib/tally.py" "$file" 2>&1); then
		echo "   FAILED  $name: $counts"
		echo "           what ran: $*"
		echo "           how it ended: $(exit_text "$status"); what it said stands above"
		record 0 1 0 "$name"
		return
	fi
	read -r passed failed skipped <<<"$counts"
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		echo "   FAILED  $name ended with $(exit_text "$status")"
		failed=1
	fi
	record "$passed" "$failed" "$skipped" "$name"
}

# The bits of address randomisation of this kernel; nothing where it does not tell.
randomisation_bits() {
	cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || true
}

# choose_tsan_wrapper: sets wrapper to what TSan's programs are run under. gcc's TSan cannot place its shadow under more
# than 28 bits of address randomisation, so it runs without any, where that may be asked for: the system calls that a
# plain container allows do not have it. Returns 1 after counting a skip when TSan cannot run here.
choose_tsan_wrapper() {
	local bits
	wrapper=(setarch "$(uname -m)" --addr-no-randomize)
	! "${wrapper[@]}" true 2>/dev/null || return 0
	wrapper=()
	bits=$(randomisation_bits)
	if [[ $bits =~ ^[0-9]+$ ]] && [ "$bits" -le 28 ]; then
		echo "   with address randomisation, which may not be switched off here: $bits bits are few enough"
		return 0
	fi
	skip "ctest tsan" "address randomisation (${bits:-unknown} bits) may not be switched off here, as in a container with \
the usual seccomp profile; sysctl vm.mmap_rnd_bits=28 on the machine, or --security-opt seccomp=unconfined, lets it run"
	return 1
}

# run_ctest PRESET LABEL [ARGUMENT...]: the C tests of one build that carry the label. That there are none is a failure.
run_ctest() {
	local preset=$1 label=$2 status=0 report=$logs/ctest-$1-${2//[^a-z-]/}.xml
	shift 2
	rm -f "$report"
	local command=("${wrapper[@]}" ctest --test-dir "$root/build/$preset" -L "^($label)\$" --output-on-failure
		--no-tests=error -j2 --output-junit "$report" "$@")
	"${command[@]}" </dev/null || status=$?
	record_junit "ctest $preset $label" "$report" "$status" "${command[@]}"
}

# run_pytest FOLDER [ARGUMENT...]: the Python tests of a folder, against the daemons of $EVENTLOOP_PRESET; none: failure.
run_pytest() {
	local folder=$1
	shift
	run_pytest_files "$folder" "$root/$folder" "$@"
}

# run_pytest_files NAME ARGUMENT...: the same, of whatever the arguments say; NAME is what the tally calls them.
run_pytest_files() {
	local name=$1 status=0 report
	report=$logs/pytest-${1//\//-}-${EVENTLOOP_PRESET:-release}.xml
	shift
	rm -f "$report"
	local command=("$root/build/venv/bin/python" -m pytest --junitxml="$report" "$@")
	"${command[@]}" </dev/null || status=$?
	record_junit "pytest $name" "$report" "$status" "${command[@]}"
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
