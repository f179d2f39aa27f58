//! Counters for the variants of an enum. All exist from the start, at 0.

use std::marker::PhantomData;

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// An enum whose variants are values of a label.
pub(super) trait Labelled: Copy + 'static {
    /// The label's name.
    const LABEL: &'static str;

    /// All variants, by index.
    const ALL: &'static [Self];

    /// The label's value.
    fn value(self) -> &'static str;

    /// Index in [`Self::ALL`].
    fn index(self) -> usize;
}

/// One counter per variant.
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

/// Declares an enum with its label and values.
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
