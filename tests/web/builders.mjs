/** Messages of the contract, valid by default, changed by keyword. */

export const status = (...rigs) => ({
  type: "connection_status",
  status: "connected",
  rate_hz: 20,
  stale_after_s: 2,
  gateway: "0.1.0",
  rigs: (rigs.length === 0 ? ["RIG_A", "RIG_B"] : rigs).map((rig_id, index) => ({
    rig_id,
    udp_port: 20777 + index,
    device_id: `SIM_${index}`,
    driver_name: null,
  })),
});

export const update = (data = {}, { rig_id = "RIG_A", seq = 1 } = {}) => ({
  type: "telemetry_update",
  rig_id,
  seq,
  sent_at: "2026-03-01T10:00:00.000Z",
  data: {
    link: "live",
    stale_s: 0,
    mode: "driving",
    session_uid: "1",
    car_index: 0,
    speed_kph: 200,
    throttle: 1,
    brake: 0,
    ...data,
  },
});

export const fact = (fields = {}) => ({
  event_id: "RIG_A:1:LapCompleted:0:4",
  kind: "LapCompleted",
  rig_id: "RIG_A",
  source_type: "f1_25",
  session_uid: "1",
  session_key: "SIM_A:1",
  session_time_s: 300,
  overall_frame: 9000,
  car_index: 0,
  received_at: "2026-03-01T10:00:00.000Z",
  driver_name: "ANNA",
  individual_id: null,
  own: true,
  lap_number: 4,
  lap_time_ms: 81348,
  valid: true,
  pit_lap: false,
  personal_best: false,
  session_best: false,
  status: "provisional",
  ...fields,
});

export const eventOf = (fields = {}) => {
  const event = fact(fields);
  return { type: "event", rig_id: event.rig_id, seq: 1, replay: false, event };
};

/** `waiting` of /api/cloud: so many rows, all of telemetry. */
export const waitingRows = (rows, oldest_age_s = rows === 0 ? null : 1) => ({
  rows,
  bytes: rows * 580,
  oldest_age_s,
  by_object: { SessionEvent: 0, LapEvent: 0, RaceEvent: 0, TelemetryEvent: rows },
});

/** A body of /api/cloud: connected, all delivered. */
export const cloudBody = (fields = {}) => ({
  state: "connected",
  sentence: "Rows reach Data Cloud: the last was accepted 2 s ago",
  evidence: { last_accepted_at: "2026-03-01T10:00:00.123Z", last_accepted_age_s: 1.8, last_object: "LapEvent" },
  waiting: waitingRows(0),
  rate_rows_per_s: 19.8,
  drain_eta_s: null,
  safe_to_pack_up: true,
  pack_up_sentence: "Safe to pack up: every row has been accepted",
  dead_letters: { rows: 0, by_object: { SessionEvent: 0, LapEvent: 0, RaceEvent: 0, TelemetryEvent: 0 }, latest: null },
  today: { rows: 1234, credits: 6.17, credits_per_8h: 2880, limit_rows: 500_000, telemetry_stopped: false },
  lost: { evicted: 0, not_stored: 0, damaged: 0 },
  problems: [],
  target: "acme.my.salesforce.com",
  ...fields,
});
