#!/bin/sh
# What the tests need of the system. Tests that miss one skip and say so; so a refusal here is no failure.
sh scripts/apt-install.sh mosquitto openssl chromium fonts-noto-cjk || echo "going on: the tests that need them will skip"
