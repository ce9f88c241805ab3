//! `--timing`: the steps of a transfer under each other, as long as they took.
//! Must not hold: measuring (`meter.rs`).

use serde_json::Value;

/// Columns of the longest bar.
const COLUMNS: f64 = 40.0;
/// The steps in their order, each with its name in the JSON.
const STEPS: [(&str, &str); 6] = [
    ("dns", "dns"),
    ("connect", "connect"),
    ("proxy", "proxy"),
    ("tls", "tls"),
    ("wait", "wait"),
    ("transfer", "transfer"),
];

/// A line a step that there was: how long it took, and when in the whole.
pub(super) fn waterfall(url: &str, timings: &Value) -> String {
    let seconds = |name: &str| timings.get(name).and_then(Value::as_f64);
    let total = seconds("total").unwrap_or_default().max(f64::EPSILON);
    let mut text = format!("{url} took {}", shown(total));
    let mut begun = 0.0;
    for (label, name) in STEPS {
        let Some(took) = seconds(name) else { continue };
        let (indent, length) = (columns(begun, total), columns(took, total).max(1));
        let bar = format!("{}{}", " ".repeat(indent), "=".repeat(length));
        text += &format!("\n  {label:<8} {:>10}  {bar}", shown(took));
        begun += took;
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 40 by the clamp"
)]
fn columns(part: f64, total: f64) -> usize {
    (part / total * COLUMNS).clamp(0.0, COLUMNS) as usize
}

fn shown(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bars() {
        let timings = json!({
            "dns": 0.1, "connect": 0.1, "tls": null, "wait": 0.2, "transfer": 0.0, "total": 0.4
        });
        let wanted = "\
http://h/ took 400.0 ms
  dns        100.0 ms  ==========
  connect    100.0 ms            ==========
  wait       200.0 ms                      ====================
  transfer     0.0 ms                                          =";
        assert_eq!(waterfall("http://h/", &timings), wanted);
    }
}
