//! The figures of the trials, beside their alternatives and their bars.

use serde_json::{Value, json};

/// All figures.
#[derive(Default)]
pub(crate) struct Sheet(Vec<Line>);

/// One figure, in every round.
pub(crate) struct Line {
    what: String,
    unit: &'static str,
    /// What it is compared with.
    beside: &'static str,
    bar: Option<Bar>,
    /// The figure, and that of what it is compared with.
    rounds: Vec<(f64, Option<f64>)>,
}

/// What the design asks: of the ratio where there is one, otherwise of the figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

impl Line {
    pub(crate) fn new(what: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self { what: what.into(), unit, beside: "", bar: None, rounds: vec![(figure, None)] }
    }

    /// The figures of all rounds, each beside the other's.
    pub(crate) fn of_rounds(
        what: String,
        unit: &'static str,
        beside: &'static str,
        rounds: Vec<(f64, Option<f64>)>,
    ) -> Self {
        Self { what, unit, beside, bar: None, rounds }
    }

    pub(crate) fn beside(self, name: &'static str, figure: f64) -> Self {
        let rounds = self.rounds.iter().map(|(own, _)| (*own, Some(figure))).collect();
        Self { beside: name, rounds, ..self }
    }

    pub(crate) fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    fn figure(&self) -> f64 {
        median(self.rounds.iter().map(|(figure, _)| *figure))
    }

    fn compared(&self) -> Option<(f64, f64)> {
        let rounds: Option<Vec<_>> =
            self.rounds.iter().map(|(figure, beside)| Some((*figure, (*beside)?))).collect();
        let rounds = rounds?;
        let ratio = median(rounds.iter().map(|(figure, beside)| figure / beside));
        Some((median(rounds.iter().map(|(_, beside)| *beside)), ratio))
    }

    fn is_met(&self) -> Option<bool> {
        let figure = self.compared().map_or_else(|| self.figure(), |(_, ratio)| ratio);
        Some(match self.bar? {
            Bar::AtMost(most) => figure <= most,
            Bar::AtLeast(least) => figure >= least,
        })
    }

    fn print(&self) {
        let (beside, ratio) = match self.compared() {
            Some((beside, ratio)) => {
                (format!("{}: {}", self.beside, short(beside)), format!("{ratio:.2}"))
            }
            None => (String::new(), String::new()),
        };
        let bar = match self.bar {
            Some(Bar::AtMost(most)) => format!("≤ {most}"),
            Some(Bar::AtLeast(least)) => format!("≥ {least}"),
            None => String::new(),
        };
        let met = self.is_met().map_or("", |met| if met { "met" } else { "missed" });
        let figure = format!("{} {}", short(self.figure()), self.unit);
        println!(
            "| {:<64} | {figure:>16} | {beside:<24} | {ratio:>6} | {bar:>7} | {met:<6} |",
            self.what
        );
    }
}

impl Sheet {
    pub(crate) fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// Adds the figures of another round.
    pub(crate) fn add(&mut self, other: Self) {
        for line in other.0 {
            match self.0.iter_mut().find(|known| known.what == line.what) {
                Some(known) => known.rounds.extend(line.rounds),
                None => self.0.push(line),
            }
        }
    }

    pub(crate) fn print(&self) {
        if self.0.is_empty() {
            return;
        }
        println!("\nnewsmuxd against the bars of its design (× is figure ÷ beside)");
        println!(
            "| {:<64} | {:>16} | {:<24} | {:>6} | {:>7} | {:<6} |",
            "", "newsmuxd", "beside", "×", "bar", ""
        );
        println!("| --- | ---: | --- | ---: | ---: | --- |");
        self.0.iter().for_each(Line::print);
    }

    /// Every figure of every round.
    pub(crate) fn to_json(&self) -> Vec<Value> {
        let row = |line: &Line| {
            json!({
                "what": line.what, "unit": line.unit, "beside": line.beside,
                "rounds": line.rounds, "met": line.is_met(),
            })
        };
        self.0.iter().map(row).collect()
    }
}

fn short(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".to_owned(),
        ..0.995 => format!("{figure:.3}"),
        ..100.0 => format!("{figure:.2}"),
        _ => format!("{figure:.0}"),
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
