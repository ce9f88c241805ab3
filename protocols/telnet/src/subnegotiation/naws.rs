//! NAWS (RFC 1073): the size of the window.

/// A window in characters; 0 leaves that side to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Window {
    /// `WIDTH[1] WIDTH[0] HEIGHT[1] HEIGHT[0]` (RFC 1073 section 2).
    pub(crate) const fn encode(self) -> [u8; 4] {
        let ([wide, width], [high, height]) = (self.columns.to_be_bytes(), self.rows.to_be_bytes());
        [wide, width, high, height]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let rows =
            [(80, 24, [0, 80, 0, 24]), (300, 24, [1, 44, 0, 24]), (65535, 0, [255, 255, 0, 0])];
        for (columns, rows, wanted) in rows {
            assert_eq!(Window { columns, rows }.encode(), wanted);
        }
    }
}
