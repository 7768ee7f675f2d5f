#!/bin/sh
# Makes Temporal's two databases where they lack, and brings their schema up to this version. Safe to run again.
set -eu

tool() { # tool DATABASE COMMAND…
    database=$1
    shift
    temporal-sql-tool --plugin "$DB" --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" --db "$database" "$@"
}

schema() { # schema DATABASE FOLDER
    folder=/etc/temporal/schema/postgresql/v12/$2/versioned
    # One that has a version is upgraded. Else it is new, or a first start was cut off somewhere: `create` and
    # `setup-schema` refuse what is already there, so neither can undo anything.
    tool "$1" update-schema --schema-dir "$folder" && return
    tool "$1" create || echo "$1 is there already"
    tool "$1" setup-schema --version 0.0 || echo "$1 has its version table already"
    tool "$1" update-schema --schema-dir "$folder"
}

schema temporal temporal
schema temporal_visibility visibility
