"""What stands in docs/benchmarks.md beside the figures: how each work is done, and what each contender promises."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """`ratio_of`: the measures for which a table of ratios is made. `less`: the smaller the better."""

    title: str
    text: str
    ratio_of: tuple[str, ...] = ()
    less: bool = False


ABOUT = {
    "append": About(
        "a. Durable append",
        "Alarms of 385 bytes, one process each, 0.8 s for each way of feeding. Ours is `Outbox.put`: it makes the "
        "event out of what the driver saw (envelope, number, checksum) while the others get bytes that are ready. "
        "A batch is one transaction where the library knows such a thing (sqlite3, file, litequeue) and as many "
        "calls where it does not; ours are as many concurrent `put`. 64 producers are threads, ours tasks; each "
        "waits for its event before it offers the next. The clock stops when all of it is in a file, also for "
        "those that answer before.",
        ("one by one, events/s", "by 10, events/s", "by 100, events/s", "64 producers, events/s"),
    ),
    "slow-disk": About(
        "a'. The same on a disk that takes a millisecond longer",
        "The disk of this machine may answer a sync from its cache within microseconds. A box "
        "writes to an SD card or eMMC, which takes a millisecond at its best: here every fdatasync and fsync of ours "
        "and of the durable peers is held for 1 ms more (by strace, the same for all).",
        ("one by one, events/s", "by 10, events/s", "by 100, events/s", "64 producers, events/s"),
    ),
    "drain": About(
        "b. Drain of a backlog",
        "50,000 stored alarms (ThingsBoard as shipped: 5,000) to a fresh mosquitto, and a sink in another process "
        "that subscribes at QoS 1. From the first event at the sink until the last one is there and the sender "
        "knows (ours: acknowledged by the sink, and the row freed; paho: PUBACK). The sink reads MQTT by itself "
        "at a few µs a message, which is kind to all who send events one by one. Ours is Outbox, Uplink and "
        "HubLink as the agent joins them. ThingsBoard is the whole gateway service, headless, with its own SQLite "
        "storage, send loop and client, 12 devices; as shipped it reads 10 records at a time, its code's own "
        "default is 1000. The bridge's local broker holds the events in memory; `max_queued_messages` is raised, "
        "since by default it drops all after 1,000. A peer of which not all events arrive within two minutes stood "
        "still and is given another run; after three it has no rate in that round.",
        ("events/s", "CPU µs/event"),
    ),
    "consumer": About(
        "b'. The same with a real consumer",
        "20,000 alarms; the sink uses the hub's MQTT client, which costs it some 25 µs and more for each message. "
        "Here it shows that packed events also spare the county.",
        ("events/s",),
    ),
    "far": About(
        "c. The same over a link of 80 ms",
        "40 ms each way, in a process of its own, bandwidth not limited. Events: 50,000 for ours and the bridges, "
        "20,000 and 500 for ThingsBoard, 12,000 and 1,500 for paho, so that a run takes about ten seconds at "
        "most. The bridge keeps no window: it has all its events on the way at once, which is what a memory queue "
        "can afford.",
        ("events/s",),
    ),
    "end-to-end": About(
        "d. End to end",
        "The agent, mosquitto and `countyhub run` with its SQLite database, as three processes on this machine. "
        "Drain: 50,000 stored alarms, from the standing connection to the last freed row, the hub's rows counted "
        "afterwards. Live: ten alarms a second for 20 s, from the commit at the box to the moment at which "
        "another connection to the hub's database sees it (a look each millisecond, so up to 1 ms too long).",
    ),
    "idle": About(
        "e. Idle",
        "`edgeagent run`, connected to broker and hub, no devices, health messages at their default pace, status "
        "page on: VmRSS at the end, and user and system time over 60 s (/proc).",
    ),
    "flash": About(
        "f. Bytes to the flash",
        "2,000 alarms one by one, opening and closing included, in KB of 1,000 bytes. By the process: "
        "`write_bytes` of /proc/self/io, that is whole pages handed to the block layer; for those that never sync "
        "the kernel gathers pages, which is where their low figure comes from. By the device: sectors written to "
        "the disk meanwhile, with the file system's journal and everybody else's writes.",
        ("KB/event, by the process",),
        less=True,
    ),
    "month": About(
        "g. A month on a SIM card",
        "A village with twelve cameras and a terminal (simulated, all up), 100 events a day, keepalive and health "
        "at their defaults, one reconnection a day. Each piece is measured on a counting link as real TLS bytes, "
        "both directions, then multiplied.",
    ),
    "cameras": About(
        "h. 64 cameras",
        "Simulated cameras in a process of their own, each with five slots. Ours is the whole `edgeagent run` with "
        "broker and hub; the peers are libraries, each in a small program of a few lines that sets a camera up "
        "(device information, profiles, snapshot address), makes a pull point and pulls, with a thread for each camera "
        "where the library blocks. Set-up: CPU of each camera after the first, children included, and the time from "
        "the start of a fresh process until all are subscribed, and until all are set up too (ours watches while it "
        "sets up); caches are empty. Idle: quiet cameras, polls of 20 s, over "
        "60 s. Alarm: motion begins or ends at one camera each 50 ms; from the camera's moment to the commit in our "
        "outbox (another connection looks each millisecond), for a library only to its return from the poll. "
        "Subscribed again: five cameras restart, the slowest, from its being back; – means not within 45 s. Kills: "
        "20 times kill -9 as soon as eight cameras are subscribed, then started once more: live subscriptions that a "
        "camera has then (32 slots; a real camera has 5 to 10, and refuses what is more).",
        ("set-up, ms CPU/camera", "64 from cold, s", "RSS, MiB", "CPU, % of a core"),
        less=True,
    ),
    "picture": About(
        "i. Is the picture any good?",
        "40 real photographs that packages ship (opencv-doc, mate-backgrounds, plasma-workspace-wallpapers, "
        "scikit-image, scikit-learn), each a camera's scene: light over the day, shadows, glare, haze, rain, infrared "
        "at night, people, shake, grain, clock, one of five sizes and a JPEG quality of 40 to 90. The limits were set "
        "on every other photograph; what stands here is the other half (only the limits for the covered share and for "
        "white, and the way rows are counted for stripes, were settled last with both halves in view). Each "
        "camera is taught 18 snapshots of one day, then shown 60 ordinary ones of other days and each fault in three "
        "strengths. Every fault is made in two ways (bench/pictures/faults.py and foes.py). Two of three: consecutive "
        "ordinary pictures, though of different days, through `Agreement`. The street is opencv-doc's vtest.avi, all "
        "frames. The check is timed beside the grey decode of the same JPEG at a quarter of its size, in turns.",
    ),
    "hub-store": About(
        "j. The hub's inbox",
        "20,000 alarms (10,000 by 50, 400 one by one), read off the wire before the clock starts, through "
        "`Inbox.commit` into a database on this machine's disk: looked up, numbered, written with their keys and the "
        "lane's standing, committed with fsync. PostgreSQL 15 as Debian ships it, by TCP on this machine, inbox in "
        "monthly parts; ours writes one statement for each table and batch, by `unnest` of arrays. Beside it the same "
        "with SQLAlchemy's executemany.",
    ),
    "terminal": About(
        "k. The terminal",
        "Six ports on ptys, simulated in a process of their own: ID-card reader, IC-card reader, scanner, keypad, "
        "printer and a Modbus bus with two buttons, a siren and a water level; `edgeagent run` with broker and "
        "hub. Card or code: from its last byte at the simulated reader to the beep at the simulated printer, "
        "which comes after the commit; every 80 ms. ID card: from its being put down at any moment, so with the "
        "wait for the next look (0.175 s) and two reads. A pty carries bytes in no time; `slow line` is the same "
        "with every byte as long on its way as at 115200 baud (the rest of the terminal: 9600), where the two "
        "reads alone take 136 ms, the second as far as its text; the time that a real reader itself takes for a "
        "card comes on top and is not simulated. Idle: nobody comes, slow lines, CPU time over 60 s as the "
        "scheduler counts it, less that of the agent without a terminal; nearly all of it is polling, eight looks "
        "a second for an ID card and as many at the buttons, both in one waking of one thread.",
    ),
    "small-box": About(
        "l. Everything at once on a small box",
        "The whole `edgeagent run` with its children in a control group of 400 MiB without swap (the unit's MemoryMax) "
        "and half a core: 24 ONVIF cameras with pictures 1920 pixels wide, four of them by their video stream only, a "
        "picture with every alarm, each camera's picture judged every 30 s (thirty times as often as by default), a "
        "terminal on six ports. 200,000 alarms of an outage wait. First all devices are up and a round is lived "
        "without the link; then it returns, somebody calls for help, all cameras see motion at once, and three rounds "
        "follow in which each camera sees motion every ten seconds and somebody checks in every second, while the "
        "backlog drains to mosquitto and hub. Simulators, broker and hub are outside of the group. Own memory is what "
        "cannot be taken back (anonymous pages), looked at twice a second; with cache is the most that the group was "
        "charged. `tests/system/edgeagent/test_small_box.py` does the same and counts: nothing lost, nothing twice.",
    ),
    "cases": About(
        "m. The lists of cases",
        "200,000 cases of two years in a county of 406 villages and 1,661 grids, 2,000 of the last month open, each "
        "with timeline, offices and evidence, and 350,000 check-ins in the inbox. Each list is a page of 50 as the "
        "console, a handset or an interface asks for it, by the public functions of `countyhub.cases.finding`, seven "
        "times; the median. No list reads a whole table, and none of closed cases is sorted.",
    ),
    "storm": About(
        "n. A storm day of a county",
        "406 boxes in 20 townships with 4,600 cameras and a day made by a seed, of which the truth is known: showers "
        "and trees before cameras, a township and villages without power, cut cables, loose plugs, dead cameras, "
        "people over fences. Every raw signal goes through `Correlator.take`, the clock is looked at every thousand; "
        "in order of time, as backlogs arrive (a box's late, in pieces, one in fifty twice), and thrown together. A "
        "case is a matter without a parent. `different results` counts over all orders: 1 means that the order did "
        "not matter. A lull of more than 300 s in a shower, and a fence seen by two cameras, rightly make two cases.",
    ),
    "storm-cases": About(
        "o. The storm day through the store",
        "The same day as events: committed to the real inbox 500 at a time, as they gather under load, while the "
        "follower reads them, correlates, opens, joins and merges cases in transactions of its own, in one process as "
        "in the hub, until the last case is written. `share of the inbox's rate`: events a second with the follower "
        "by those of the inbox alone, in the same round; making the messages is not counted. `cases per cause`: cases "
        "that are neither merged nor withdrawn at the end. `any`: thrown together, all of a day's end. Showers open "
        "cases here, which by default they do not.",
    ),
    "console": About(
        "p. The console",
        "`countyhub run` with 406 villages in 20 townships, 1,661 grids, 4,600 cameras, 200,000 cases and 350,000 "
        "check-ins of a month (SQLite), and a headless Chromium on the same machine, logged in as one who sees the "
        "whole county. Pages: opened five times, each time with an empty cache; first contentful paint as the browser "
        "tells it, and all bytes that came for it, headers too, compressed as they were sent; the medians. Recolour: "
        "from the click on another colouring of the county's map to the frame after which all shapes have it, the "
        "question to the hub included. Watchers: 200 live pages in another process, a third in English, while ten "
        "events a second and each box's health every five minutes come through mosquitto, one event in five a case or "
        "joined to one; time on a processor of all threads of the hub, less that with nobody at the console. All at "
        "the events; and 60 at the events, 60 at the lights, 40 at the map, 20 at the cameras, 20 at the boxes, where "
        "one in four of the latter sees one of the townships alone. It is an error when somebody is thrown out, or "
        "has not seen every event exactly once.",
    ),
}

PROMISES = {
    "ours": "durable when `put` returns; freed only by the hub's acknowledgement, after the hub's commit",
    "sqlite3 FULL": "durable when it returns; nothing else: the limit for stores on SQLite",
    "file, fdatasync": "durable when it returns; no checksum, no deleting: the limit of the disk",
    "persist-queue": "durable when it returns (SQLiteAckQueue, SQLite's default synchronous=FULL)",
    "litequeue": "survives a kill; a power cut loses the last commits (synchronous=NORMAL)",
    "ThingsBoard SQLite": "says stored before it writes; a kill loses what waits, a power cut the last commits too",
    "ThingsBoard file": "survives a kill; never synced, so that a power cut loses what the kernel had not written",
    "ThingsBoard gateway, as shipped": "not durable: stores as above, deletes on PUBACK",
    "ThingsBoard gateway, 1000 a read": "not durable: stores as above, deletes on PUBACK",
    "paho-mqtt": "not durable: its queue is in memory",
    "paho-mqtt, window 200": "not durable: its queue is in memory",
    "mosquitto bridge": "not durable: in memory, saved every 30 minutes; deletes on PUBACK",
    "mosquitto bridge, no Nagle": "not durable: in memory, saved every 30 minutes; deletes on PUBACK",
    "SQLite": "durable when `commit` returns (WAL, synchronous=FULL)",
    "PostgreSQL": "durable when `commit` returns (fsync, synchronous_commit=on, whatever the server is set to)",
    "onvif-zeep": "nothing is stored; the topic of a notification is lost; a lost subscription stays lost",
    "onvif-zeep-async": "nothing is stored; renews a subscription, and makes a new one when that fails",
    "onvif-python": "nothing is stored; a lost subscription stays lost",
}
