# tests/run changed: what a change can touch, the nearest first, as much as fits into the time. Sourced by tests/run.
# tests/lib/changed.py chooses, and says what it left.
: "${logs:?}" "${results:?}" "${preset_given?}" "${side_by_side[*]:?}" "${pytest_arguments[*]-}"

# choose WHAT [OPTION...]: one of tests/lib/changed.py's lists, into the array `chosen`.
choose() {
	local names
	names=$(build/venv/bin/python tests/lib/changed.py "$@" --base "$base" --preset "$EVENTLOOP_PRESET")
	mapfile -t chosen < <(printf '%s' "$names")
}

changed_gates() {
	local files=("${chosen[@]}") name
	heading "gates; format, python, shell, tidy and cppcheck of the changed files alone"
	[[ " ${files[*]}" != *" tests/lint/"* ]] || check "lint selftest" build/venv/bin/python tests/lint/selftest.py || true
	choose gates
	[[ " ${chosen[*]} " != *" tidy "* ]] || cmake --preset clang >"$logs/configure-clang.log" 2>&1 || true
	for name in "${chosen[@]}"; do
		check "lint $name" build/venv/bin/python "tests/lint/check_$name.py" --only "${files[@]}" || true
	done
}

# changed_programs SECONDS: the C programs; they are built, and the daemons.
changed_programs() {
	local file targets=(eventloop-{passport,events,rating,images,gateway}) tests=()
	heading "unit: C programs that include what changed"
	choose unit --seconds "$1"
	for file in "${chosen[@]}"; do
		file=${file#tests/} file=${file%.c}
		case $file in
		unit/*) tests+=("$file") targets+=("$(tr / _ <<<"${file#unit/}")") ;;
		fuzz/*) tests+=("fuzz/${file#fuzz/fuzz_}") targets+=("${file#fuzz/}") ;;
		esac
	done
	check "build $EVENTLOOP_PRESET" build "$EVENTLOOP_PRESET" "${targets[@]}" || return 1
	if [ ${#tests[@]} -gt 0 ]; then
		run_ctest "$EVENTLOOP_PRESET" 'unit|fuzz-replay' -R "^($(IFS='|' && echo "${tests[*]}"))\$"
	fi
}

# changed_files SECONDS: the Python files.
changed_files() {
	heading "system: Python files that name what changed"
	choose system --seconds "$1"
	[[ " ${chosen[*]}" != *openrpc_tools* ]] || check "install openrpc tools" tests/lib/openrpc_tools || true
	if [ ${#chosen[@]} -gt 0 ]; then
		# The last test may begin ten seconds before the end; the files keep their order, the nearest first.
		EVENTLOOP_UNTIL=$(($(date +%s) + budget - SECONDS - 10)) run_pytest_files changed "${chosen[@]}" -q \
			"${side_by_side[@]}" --no-loadscope-reorder "${pytest_arguments[@]}"
	fi
}

# changed [BASE]: what the changes since BASE can touch, the nearest first, in EVENTLOOP_SECONDS (180).
changed() {
	local budget=${EVENTLOOP_SECONDS:-180} base=${1-} chosen=() status=0 left
	EVENTLOOP_PRESET=${preset_given:-debug}
	mkdir -p "$logs"
	: >"$results"
	heading "changed"
	choose files
	changed_gates
	if changed_programs $(((budget - SECONDS) / 3)); then
		left=$((budget - SECONDS - 15)) # PostgreSQL and the migrations come first
		changed_files $((left > 0 ? left : 0))
	fi
	printf '\ntime: %s s of %s\n' "$SECONDS" "$budget"
	summary || status=$?
	rm -f "$results"
	return "$status"
}
