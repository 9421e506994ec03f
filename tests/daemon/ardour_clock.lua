-- The Ardour session of docs/daw.md: two MIDI tracks and MIDI clock, over JACK.
-- ardour7-lua ardour_clock.lua FOLDER BPM
-- On standard input it waits for a line before its transport rolls, and for another before it stops; then it ends.
-- On standard output "ready", "rolls" and "stopped" say how far it is.
local folder, bpm = arg[1], tonumber(arg[2])

AudioEngine:set_backend("JACK", "ardour", "")
local session = create_session(folder, "clock", 48000)
assert(session, "no session: does JACK run?")
ARDOUR.config():set_send_midi_clock(true)

local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
for _, name in ipairs({"You", "Antiphon"}) do
	local tracks = session:new_midi_track(midi, midi, true, ARDOUR.PluginInfo(), nil, nil, 1, name,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, false, false)
	tracks:front():monitoring_control():set_value(
		ARDOUR.MonitorChoice.MonitorInput, PBD.GroupControlDisposition.NoGroup)
end

local map = Temporal.TempoMap.write_copy()
map:set_tempo(Temporal.Tempo(bpm, bpm, 4), Temporal.timepos_t(0))
Temporal.TempoMap.update(map)

local function say(word)
	io.stdout:write(word .. "\n")
	io.stdout:flush()
end

say("ready")
io.stdin:read()
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
say("rolls")
io.stdin:read()
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep(500000)
say("stopped")
close_session()
quit()
