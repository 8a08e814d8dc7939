//! Sharing the rows of a page among its panes. Pure.

use ratatui::layout::Rect;

/// What a pane asks for: rows it cannot do without, and rows it could use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Rows below which it is left out, if there are not even so many for all before it.
    pub least: u16,
    /// Rows beyond which it has no use for more.
    pub most: u16,
    /// Whether the keys go to it: then it is not left out, whatever stands before it.
    pub keys: bool,
}

impl Wish {
    /// A pane with `rows` rows under `heads` rows of headings; at least `least` rows are shown.
    pub fn list(heads: u16, rows: usize, least: u16) -> Self {
        let rows = u16::try_from(rows.max(1)).unwrap_or(u16::MAX / 2);
        Self { least: heads + rows.min(least), most: heads + rows, keys: false }
    }

    /// The same pane, where the keys go to it.
    #[must_use]
    pub fn with_keys(self, keys: bool) -> Self {
        Self { keys, ..self }
    }
}

/// Stacks panes from the top. Each first gets its least, the one with the keys before all, the others in
/// order, as long as there is room; what is left is dealt out a row at a time, in order, so that no long list starves the others.
pub fn stack(area: Rect, wishes: &[Wish]) -> Vec<Rect> {
    let mut left = area.height;
    let mut heights = vec![0; wishes.len()];
    for keys in [true, false] {
        for (height, wish) in heights.iter_mut().zip(wishes).filter(|(_, wish)| wish.keys == keys) {
            *height = if wish.least <= left { wish.least } else { 0 };
            left -= *height;
        }
    }
    while left > 0 {
        let mut dealt = false;
        for (height, wish) in heights.iter_mut().zip(wishes) {
            if left > 0 && *height > 0 && *height < wish.most {
                *height += 1;
                left -= 1;
                dealt = true;
            }
        }
        if !dealt {
            break;
        }
    }
    let mut y = area.y;
    heights
        .into_iter()
        .map(|height| {
            let pane = Rect { y, height, ..area };
            y += height;
            pane
        })
        .collect()
}

/// Whether a pane was left out.
pub fn lack(panes: &[Rect]) -> bool {
    panes.iter().any(|pane| pane.height == 0)
}

/// An area without its last row, and that row: for the words that name what was left out.
pub const fn with_last_row(area: Rect) -> (Rect, Rect) {
    let height = area.height.saturating_sub(1);
    let last = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, last)
}

/// The pane so many further on, in a ring, of those that can take the keys; the same where none can.
pub fn next<P: Copy + PartialEq>(order: &[P], from: P, by: isize, takes: impl Fn(P) -> bool) -> P {
    let at = order.iter().position(|pane| *pane == from).unwrap_or(0).cast_signed();
    let count = order.len().cast_signed();
    let others = (1..count).map(|n| order[(at + n * by).rem_euclid(count).cast_unsigned()]);
    others.into_iter().find(|pane| takes(*pane)).unwrap_or(from)
}

/// The nearest pane behind this one, or before it where `by` is negative, that can take the keys.
pub fn beside<P: Copy + PartialEq>(order: &[P], from: P, by: isize, takes: impl Fn(P) -> bool) -> Option<P> {
    let at = order.iter().position(|pane| *pane == from)?;
    let (before, behind) = (order[..at].iter().rev(), order[at + 1..].iter());
    if by < 0 { before.copied().find(|pane| takes(*pane)) } else { behind.copied().find(|pane| takes(*pane)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_list_does_not_starve_the_others() {
        let area = Rect::new(0, 0, 80, 22);
        let wishes = [Wish::list(1, 500, 3), Wish::list(2, 500, 3), Wish::list(2, 2, 2)];
        let heights: Vec<u16> = stack(area, &wishes).iter().map(|pane| pane.height).collect();
        assert_eq!(heights, [9, 9, 4]);
    }

    #[test]
    fn the_pane_with_the_keys_is_never_left_out() {
        let area = Rect::new(0, 1, 80, 12);
        let wishes = |keys| [Wish::list(2, 9, 4), Wish::list(2, 9, 4), Wish::list(2, 9, 1).with_keys(keys)];
        let heights = |keys| stack(area, &wishes(keys)).iter().map(|pane| pane.height).collect::<Vec<_>>();
        assert_eq!(heights(false), [6, 6, 0]);
        assert_eq!(heights(true), [8, 0, 4]);
    }

    proptest! {
        #[test]
        fn panes_stay_within_and_do_not_overlap(
            height in 0u16..80,
            rows in prop::collection::vec((0usize..300, 1u16..6), 1..6),
        ) {
            let area = Rect::new(0, 1, 80, height);
            let wishes: Vec<Wish> = rows.iter().map(|(n, least)| Wish::list(2, *n, *least)).collect();
            let mut end = area.y;
            for pane in stack(area, &wishes) {
                prop_assert_eq!(pane.y, end);
                end += pane.height;
            }
            prop_assert!(end <= area.bottom());
        }
    }
}
