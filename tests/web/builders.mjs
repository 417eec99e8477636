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
