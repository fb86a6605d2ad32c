//! The sorted order of a series, from which the order of any stretch follows without sorting again.

/// Positions of a series by ascending value.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    values: Vec<f64>,
    sorted: Vec<u32>,
}

impl Order {
    /// The values in the order given.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn new(values: &[f64]) -> Self {
        Self { values: values.to_vec(), sorted: argsort(values, 0..values.len()) }
    }

    /// Appends a value.
    pub(crate) fn push(&mut self, value: f64) {
        let key_of = |position: u32| key(self.values[position as usize]);
        let place = self.sorted.partition_point(|&position| key_of(position) <= key(value));
        self.sorted.insert(place, self.values.len() as u32);
        self.values.push(value);
    }

    /// Returns the positions of `[start, end)` by ascending value, counted from the series' beginning.
    pub(crate) fn within(&self, start: usize, end: usize) -> Vec<u32> {
        // Filtering reads the whole order; sorting a short stretch of a long series is quicker.
        if (end - start) * 16 < self.sorted.len() {
            return argsort(&self.values, start..end);
        }
        let (first, count) = (start as u32, (end - start) as u32);
        let mut order = vec![0; end - start + 1];
        let mut next = 0;
        for &position in &self.sorted {
            // Written always, kept where inside: no branch to mispredict.
            order[next] = position;
            next += usize::from(position.wrapping_sub(first) < count);
        }
        order.truncate(next);
        order
    }

    /// Returns the values of `[start, end)`, ascending.
    pub(crate) fn sorted(&self, start: usize, end: usize) -> Vec<f64> {
        self.within(start, end).into_iter().map(|position| self.values[position as usize]).collect()
    }

    /// Returns twice the midrank of each value of `[start, end)` among them, so that ties stay whole numbers.
    pub(crate) fn doubled_ranks(&self, start: usize, end: usize) -> Vec<f64> {
        let order = self.within(start, end);
        let value = |place: usize| self.values[order[place] as usize];
        let mut ranks = vec![0.0; order.len()];
        let mut first = 0;
        while first < order.len() {
            let mut last = first;
            while last + 1 < order.len() && value(last + 1) == value(first) {
                last += 1;
            }
            for &position in &order[first..=last] {
                ranks[position as usize - start] = (first + last + 2) as f64;
            }
            first = last + 1;
        }
        ranks
    }
}

fn argsort(values: &[f64], positions: std::ops::Range<usize>) -> Vec<u32> {
    let mut keyed: Vec<(u64, u32)> =
        positions.map(|position| (key(values[position]), position as u32)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, position)| position).collect()
}

/// Maps a number to a whole number of the same order; both zeros are one.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}
