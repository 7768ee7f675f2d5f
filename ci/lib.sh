# What the steps of a CI job share. Sourced, never run. Everything comes in as environment variables, and what a job is
# about lies in one file that its steps read:
#
#   $AIRUT_JOB/plan      url, base, head, merge, fork: one `name=value` a line, each value checked before it was written
#   $AIRUT_JOB/source    the checkout: the base's commit, the head's objects beside it
#   $AIRUT_JOB/images    the archive of images that the CI's cache keeps
#   $AIRUT_JOB/logs      what is uploaded afterwards: network log, log, summary, JUnit
# shellcheck shell=bash

readonly FAILED=125 # as `airut-sandbox` says it: no result of the command, but a fault of what is around it

say() { printf 'airut-sandbox: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit "$FAILED"
}

# The folder of this job: outside of every checkout, and gone afterwards.
job_folder() {
    [[ -n ${AIRUT_JOB-} ]] || die "AIRUT_JOB is not set: it names the folder that this job works in"
    case $AIRUT_JOB in
    /*) ;;
    *) die "AIRUT_JOB must be an absolute path" ;;
    esac
    (umask 077 && mkdir -p "$AIRUT_JOB")
    # A folder of somebody else's, or a link, could be changed under us by whoever made it.
    [[ -d $AIRUT_JOB && ! -L $AIRUT_JOB && -O $AIRUT_JOB ]] || die "$AIRUT_JOB is not a folder of this user"
    chmod 0700 "$AIRUT_JOB"
    mkdir -p "$AIRUT_JOB/logs"
}

# What an earlier job on this runner may have left in it goes. The archive of images stays: it is looked at for itself.
fresh_job_folder() {
    job_folder
    find "$AIRUT_JOB" -mindepth 1 -maxdepth 1 ! -name images ! -name tools -exec rm -rf {} +
    job_folder
}

# seconds_of 168h
seconds_of() {
    [[ $1 =~ ^([0-9]{1,6})([smhd])$ ]] || die "'$1' is no time: a number and s, m, h or d"
    local -A units=([s]=1 [m]=60 [h]=3600 [d]=86400)
    echo $((10#${BASH_REMATCH[1]} * units[${BASH_REMATCH[2]}]))
}

is_commit() { [[ $1 =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]]; }

# write_plan URL BASE HEAD MERGE FORK
write_plan() {
    is_commit "$2" || is_branch "$2" || die "the base is neither a commit nor a branch"
    is_commit "$3" || die "the head is not the full name of a commit; set ref to one (40 hexadecimal digits)"
    [[ $1 != *$'\n'* ]] || die "the address of the repository has two lines"
    printf 'url=%s\nbase=%s\nhead=%s\nmerge=%s\nfork=%s\n' "$1" "$2" "$3" "$4" "$5" >"$AIRUT_JOB/plan"
}

# A branch in full, so that no tag and no other ref of that name is ever taken for it.
is_branch() { [[ $1 == refs/heads/* ]] && git check-ref-format "$1"; }

planned() { # planned NAME
    [[ -f $AIRUT_JOB/plan ]] || die "there is no plan: an earlier step of this job has not run"
    sed -n "s/^$1=//p" "$AIRUT_JOB/plan"
}
