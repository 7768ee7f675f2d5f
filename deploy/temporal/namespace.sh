#!/bin/sh
# Makes the namespace and the search attributes of Airut where they lack. Safe to run again: both commands keep what is
# there. Address and namespace are Temporal's own variables.
set -eu

until temporal operator cluster health; do
    sleep 1
done
# As long as a thread may be idle: whoever answers in time can still have the task before retried or replayed.
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
# Each part of the server looks at its namespaces every ten seconds; until then it does not know a new one.
tries=0
until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name AirutRepo --type Keyword --name AirutChannel --type Keyword --name AirutAuthor --type Keyword \
    --name AirutState --type Keyword --name AirutHost --type Keyword --name AirutOutcome --type Keyword \
    --name AirutPullRequest --type Keyword --name AirutCost --type Double; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || exit 1
    sleep 1
done
