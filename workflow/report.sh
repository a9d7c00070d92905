# sh workflow/report.sh SUITE.yaml [SNAKEMAKE_OPTIONS...]
#
# Runs a suite and ends with the path of its report. Where some runs could not finish, the report is made all the same
# from what there is, with its holes named, and the exit code is 1. Bad input: exit code 2 before anything starts.
# Interrupted: exit code 75, and the same command continues.
# BIN is the folder of the environment's commands; without it they are looked up as usual.
set -eu

suite=$1
shift
if [ -n "${BIN:-}" ]; then
	PATH="$(cd "$BIN" && pwd):$PATH"
fi

# Snakemake keeps files in a home, which a container's user may not have.
if [ ! -w "${HOME:-/nowhere}" ]; then
	HOME="$PWD/.snakemake/home"
	mkdir -p "$HOME"
	export HOME
fi

# The commands answer signals themselves; the script notes them and goes on to nothing else.
struck=
trap 'struck=${struck:-INT}' INT
trap 'struck=${struck:-TERM}' TERM
trap 'struck=${struck:-HUP}' HUP
trap 'struck=${struck:-USR1}' USR1

# end_where_struck STATUS: ends the script where a signal came, in one line: the command's own, or else this one.
end_where_struck() {
	if [ "$1" -ne 75 ] && [ -n "$struck" ]; then
		echo "moco-bench: interrupted by SIG$struck; the same command continues" >&2
	fi
	if [ "$1" -eq 75 ] || [ -n "$struck" ]; then
		exit 75
	fi
}

# begin COMMAND [ARGUMENTS...]: its exit code is in `status`. What Python says before it can answer signals is held back:
# after a signal it is a traceback of its own start. `exec` leaves no shell between that a signal would end.
exec 3>&2 4>&1
begin() {
	status=0
	{ early=$(exec python -P -m moco_bench.begin "$@" 2>&1 >&4 4>&-); } 2>/dev/null || status=$?
	end_where_struck "$status"
	if [ -n "$early" ]; then
		printf '%s\n' "$early" >&2
	fi
}

# go COMMAND [ARGUMENTS...]: the script ends with the command's exit code where it fails.
go() {
	begin "$@"
	[ "$status" -eq 0 ] || exit "$status"
}

go moco-bench plan "$suite"
status=0
name=$(
	trap '' INT TERM HUP USR1 # it takes a second, and the script has noted them
	exec python -c 'import sys; from moco_bench.suite.load import load_suite; print(load_suite(sys.argv[1]).name)' "$suite"
) || status=$?
end_where_struck "$status"
[ "$status" -eq 0 ] || exit "$status"

begin snakemake --configfile "$suite" --quiet host reason "$@"
if [ "$status" -ne 0 ]; then
	echo "Some jobs did not finish: the report shows what there is. The same command goes on from here." >&2
	go moco-bench collect "$suite"
	go moco-bench analyse "results/$name"
	go moco-bench report "results/$name" --out "reports/$name" 4>/dev/null
	status=1
fi
echo "In $PWD, results/$name holds the runs and tables; the report is"
echo "reports/$name/report.html"
exit "$status"
