//! Results of playing transcripts: on the screen, and as files for CI (JUnit, TAP, JSON).
//! Must not hold: the judging.

use crate::args::Reports;
use crate::check::{wants_colour, write_file};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use quick_xml::Writer;
use quick_xml::events::BytesText;
use serde_json::{Value, json};
use std::io;
use wireline_transcript::{FailureKind, Outcome, Report, SectionReport};

/// Shows the results, writes the files that were asked for, and says what they come to.
pub(crate) fn conclude(reports: &[Report], files: &Reports, output: Output) -> Result<(), Failure> {
    let coloured = wants_colour();
    for report in reports.iter().filter(|report| !output.quiet || !report.passed()) {
        let shown = report.render(coloured);
        output.line(shown.trim_end()).or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Failure::local(&error)),
        })?;
    }
    write(reports, files)?;
    verdict(reports)
}

/// Writes the files that were asked for.
pub(crate) fn write(reports: &[Report], files: &Reports) -> Result<(), Failure> {
    if let Some(path) = &files.report_junit {
        let text =
            junit(reports).map_err(|error| Failure::local(&error).doing("writing the report"))?;
        write_file(path, &text)?;
    }
    if let Some(path) = &files.report_tap {
        write_file(path, tap(reports).as_bytes())?;
    }
    if let Some(path) = &files.report_json {
        write_file(path, format!("{}\n", json_of(reports)).as_bytes())?;
    }
    Ok(())
}

/// The first failure's exit code; a mismatch is 1.
pub(crate) fn verdict(reports: &[Report]) -> Result<(), Failure> {
    let failures: Vec<_> = sections(reports).filter_map(|(_, section)| section.failure()).collect();
    let Some(first) = failures.first() else { return Ok(()) };
    let exit = match first.kind {
        FailureKind::TimedOut => Exit::TimedOut,
        FailureKind::Unreachable => Exit::NotReached,
        FailureKind::Tls => Exit::Tls,
        FailureKind::Input => Exit::Usage,
        _ => Exit::Refused,
    };
    Err(Failure::new(
        exit,
        format!("{} of {} sections failed", failures.len(), sections(reports).count()),
    ))
}

fn sections(reports: &[Report]) -> impl Iterator<Item = (&Report, &SectionReport)> {
    reports.iter().flat_map(|report| report.sections.iter().map(move |section| (report, section)))
}

fn text_of(report: &Report, section: &SectionReport) -> String {
    let mut text = String::new();
    if let Some(failure) = section.failure() {
        failure.render(&report.file, false, &mut text);
    }
    text
}

fn junit(reports: &[Report]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let suites = writer.create_element("testsuites");
    suites.write_inner_content(|writer| {
        reports.iter().try_for_each(|report| suite(writer, report))
    })?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn suite(writer: &mut Writer<Vec<u8>>, report: &Report) -> io::Result<()> {
    let count = |wanted: fn(&SectionReport) -> bool| {
        report.sections.iter().filter(|section| wanted(section)).count().to_string()
    };
    let suite = writer
        .create_element("testsuite")
        .with_attribute(("name", report.file.as_str()))
        .with_attribute(("tests", count(|_| true).as_str()))
        .with_attribute(("failures", count(|section| section.failure().is_some()).as_str()))
        .with_attribute(("skipped", count(is_skipped).as_str()));
    suite.write_inner_content(|writer| {
        report.sections.iter().try_for_each(|section| case(writer, report, section))
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, report: &Report, section: &SectionReport) -> io::Result<()> {
    let seconds = format!("{:.3}", section.elapsed.as_secs_f64());
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", report.file.as_str()))
        .with_attribute(("name", section.title.as_str()))
        .with_attribute(("time", seconds.as_str()));
    match (section.failure(), is_skipped(section)) {
        (Some(failure), _) => {
            let text = text_of(report, section);
            case.write_inner_content(|writer| {
                let message = ("message", failure.message.as_str());
                let failure = writer.create_element("failure").with_attribute(message);
                failure.write_text_content(BytesText::new(&text)).map(drop)
            })?;
        }
        (None, true) => {
            case.write_inner_content(|writer| {
                writer.create_element("skipped").write_empty().map(drop)
            })?;
        }
        (None, false) => {
            case.write_empty()?;
        }
    }
    Ok(())
}

fn tap(reports: &[Report]) -> String {
    let mut text = format!("TAP version 13\n1..{}\n", sections(reports).count());
    for (nth, (report, section)) in sections(reports).enumerate() {
        let word = if section.failure().is_some() { "not ok" } else { "ok" };
        let skip = if is_skipped(section) { " # SKIP" } else { "" };
        let title = section.title.replace('#', "\\#");
        text.push_str(&format!("{word} {} - {}: {title}{skip}\n", nth + 1, report.file));
        for line in text_of(report, section).lines() {
            text.push_str(&format!("# {line}\n"));
        }
    }
    text
}

fn json_of(reports: &[Report]) -> Value {
    let of_section = |report: &Report, section: &SectionReport| {
        json!({
            "title": section.title,
            "line": section.line,
            "outcome": match section.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed(_) => "failed",
                Outcome::Skipped => "skipped",
            },
            "seconds": section.elapsed.as_secs_f64(),
            "message": section.failure().map(|failure| &failure.message),
            "diff": section.failure().map(|_| text_of(report, section)),
            "notes": section.notes,
        })
    };
    let of_report = |report: &Report| {
        let sections: Vec<_> =
            report.sections.iter().map(|section| of_section(report, section)).collect();
        json!({ "file": report.file, "passed": report.passed(), "sections": sections })
    };
    Value::Array(reports.iter().map(of_report).collect())
}

const fn is_skipped(section: &SectionReport) -> bool {
    matches!(section.outcome, Outcome::Skipped)
}
