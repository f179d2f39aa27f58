//! Counters of a few kinds that are known beforehand: all of them are there from the beginning, at 0.

use std::marker::PhantomData;

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// A kind that has a counter.
pub(super) trait Labelled: Copy + 'static {
    /// The label's name.
    const LABEL: &'static str;

    /// All kinds, each at its place.
    const ALL: &'static [Self];

    /// The label's value.
    fn value(self) -> &'static str;

    /// Where it stands in [`Self::ALL`].
    fn index(self) -> usize;
}

/// A counter a kind.
pub(super) struct Counters<K> {
    counters: Box<[Counter]>,
    kinds: PhantomData<fn(K)>,
}

impl<K: Labelled> Counters<K> {
    pub(super) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let family = Family::<[(&str, &str); 1], Counter>::default();
        let counters = K::ALL
            .iter()
            .map(|kind| family.get_or_create_owned(&[(K::LABEL, kind.value())]))
            .collect();
        registry.register(name, help, family);
        Self {
            counters,
            kinds: PhantomData,
        }
    }

    pub(super) fn count(&self, kind: K) {
        if let Some(counter) = self.counters.get(kind.index()) {
            counter.inc();
        }
    }
}

/// Declares kinds with the values of their label.
macro_rules! labelled {
    (
        $(#[$about:meta])* pub enum $name:ident by $label:literal {
            $($(#[$of_kind:meta])* $kind:ident = $value:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of_kind])* $kind,)*
        }

        impl $crate::metrics::counters::Labelled for $name {
            const LABEL: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$kind),*];

            fn value(self) -> &'static str {
                match self {
                    $(Self::$kind => $value,)*
                }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
pub(super) use labelled;
