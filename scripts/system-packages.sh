#!/bin/sh
# What the tests need of the system. Tests that miss one skip and say so; so a refusal here is no failure.
sh scripts/apt-install.sh mosquitto openssl systemd || echo "going on: the tests that need them will skip"
sh scripts/promtool.sh || echo "going on: the tests of alert rules and dashboards by promtool will skip"

# The tests run a PostgreSQL of their own: installing the programs must neither make nor start one of the system's.
if ! dpkg-query -W -f='${Status}' postgresql 2>/dev/null | grep -q 'ok installed'; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    none=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
    $as_root sh -c "mkdir -p ${none%/*} && echo 'create_main_cluster = off' >$none" 2>/dev/null
    sh scripts/apt-install.sh postgresql || echo "going on: the tests on PostgreSQL will skip"
    $as_root rm -f "$none" 2>/dev/null
    true
fi
