#!/bin/bash
# The first process of sequencer.py's virtual machine: Antiphon on ALSA's sequencer, from advice to unplugging.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
ip link set lo up
exec >/dev/ttyS0 2>&1 </dev/null
cd /home/player/antiphon || exit

player=(setpriv --reuid=1000 --regid=1000 --init-groups env HOME=/home/player USER=player XDG_RUNTIME_DIR=/tmp)
antiphon=("${player[@]}" .venv/bin/antiphon)
duet=("${player[@]}" .venv/bin/python tests/platforms/duet.py --system alsa)

wait_for() { # a command to succeed; everything is slow here
    for _ in $(seq 900); do
        "$@" >/dev/null && return
        sleep 0.2
    done
    echo "never: $*"
}

echo "== Linux $(uname -r), $(python3 --version)"
modprobe snd-seq
modprobe snd-seq-dummy
chgrp audio /dev/snd/*
chmod 660 /dev/snd/*

echo "== a user outside the group audio"
"${antiphon[@]}" ports
echo "exit code $?"
"${antiphon[@]}" run --api alsa --no-stage
echo "exit code $?"
"${antiphon[@]}" doctor | grep -A1 "MIDI system"

echo "== after the advice: in the group audio"
usermod -aG audio player
"${antiphon[@]}" ports
"${antiphon[@]}" run --no-stage --seed 1 >/tmp/said 2>&1 &
running=$!
wait_for grep "^Play" /tmp/said
"${player[@]}" aconnect -l
"${duet[@]}"
kill -TERM $running
wait $running
echo "exit code after SIGTERM: $?"
cat /tmp/said

echo "== connected by name; the instrument is unplugged, and plugged in again"
"${duet[@]}" --named --notes 40 &
instrument=$!
wait_for sh -c 'aconnect -l | grep "Duet ears"'
"${antiphon[@]}" run --no-stage --seed 1 --input "Duet keys" --output "Duet ears" >/tmp/said 2>&1 &
running=$!
wait_for grep "^Play" /tmp/said
sleep 5
kill -KILL $instrument
wait_for grep "input port .* is gone" /tmp/said
"${duet[@]}" --named
kill -TERM $running
wait $running
echo "exit code after SIGTERM: $?"
cat /tmp/said
"${antiphon[@]}" doctor | grep -A1 "MIDI"

echo "== done"
echo o >/proc/sysrq-trigger
sleep 60
