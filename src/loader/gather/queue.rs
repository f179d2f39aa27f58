//! The wishes of all requests for a kind of key, and the statements that answer them.

use std::{
    any::{Any, TypeId},
    cell::Cell,
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::dataloader::Loader;
use foldhash::fast::RandomState;
use tracing::Span;

use super::{
    super::{LoadError, measured::Kind},
    Gatherer,
    lanes::{Lanes, Share},
    level::{Level, Wished, wish},
    lock, tell, unpanicked,
};
use crate::trace;

/// Most keys in one statement.
const MAX_BATCH: usize = 1000;

/// How many statements for a kind of key may take long before more of it wait behind them.
const MAX_LATE: usize = 4;

/// A key of rows that can be loaded in batches.
pub(in super::super) trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// What was found for each of a wish's keys, until it is taken.
type Found<L, K> = Result<Vec<Option<<L as Loader<K>>::Value>>, LoadError>;

/// What one request wants of one kind of key.
struct Wish<L: Loader<K>, K: Key> {
    queue: Arc<Queue<L, K>>,
    level: Arc<Level>,
    keys: Mutex<Vec<K>>,
    found: Mutex<Option<Found<L, K>>>,
    asked_by: Span,
}

impl<L: Loader<K, Error = LoadError>, K: Key> Wished for Wish<L, K> {
    fn hand_in(self: Arc<Self>) {
        self.queue.clone().take_in(self);
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The wishes of all requests for one kind of key.
struct Queue<L: Loader<K>, K: Key> {
    loader: Arc<L>,
    lanes: Arc<Lanes>,
    kind: Arc<Kind>,
    share: Arc<Share>,
    state: Mutex<Waiting<L, K>>,
}

struct Waiting<L: Loader<K>, K: Key> {
    wishes: VecDeque<Arc<Wish<L, K>>>,
    /// Whether somebody attends to them.
    is_attended: bool,
}

impl<L: Loader<K, Error = LoadError>, K: Key> Queue<L, K> {
    fn take_in(self: Arc<Self>, wish: Arc<Wish<L, K>>) {
        let mut waiting = lock(&self.state);
        waiting.wishes.push_back(wish);
        if !std::mem::replace(&mut waiting.is_attended, true) {
            drop(waiting);
            tokio::spawn(self.attend());
        }
    }

    /// Sends statements until nothing waits, one after the other.
    async fn attend(self: Arc<Self>) {
        loop {
            // Wishes are taken when there is a lane, so that they are many.
            let answering = async {
                let wishes = self.take();
                let goes_on = wishes.is_some();
                self.answer(wishes.unwrap_or_default()).await;
                goes_on
            };
            let others = || self.clone().hand_over();
            let (goes_on, was_late) = self.lanes.run(&self.share, answering, others).await;
            if !goes_on || was_late {
                return;
            }
        }
    }

    /// The wishes for the next statement.
    fn take(&self) -> Option<Vec<Arc<Wish<L, K>>>> {
        let mut given_up = Vec::new();
        let mut waiting = lock(&self.state);
        let mut keys = 0;
        let mut taken = Vec::new();
        while let Some(wish) = waiting.wishes.front() {
            // Its request may have been given up while it waited.
            if Arc::strong_count(wish) == 1 {
                given_up.extend(waiting.wishes.pop_front());
                continue;
            }
            keys += lock(&wish.keys).len();
            if keys > MAX_BATCH && !taken.is_empty() {
                break;
            }
            taken.extend(waiting.wishes.pop_front());
        }
        waiting.is_attended = !taken.is_empty();
        drop(waiting);
        for wish in given_up {
            wish.level.answered_one();
        }
        (!taken.is_empty()).then_some(taken)
    }

    /// Lets somebody else attend to what waits.
    fn hand_over(self: Arc<Self>) {
        let mut waiting = lock(&self.state);
        waiting.is_attended = !waiting.wishes.is_empty();
        if waiting.is_attended {
            drop(waiting);
            tokio::spawn(self.attend());
        }
    }

    /// Loads what is wished, each key once, and hands it out: copied where several want it.
    async fn answer(&self, wishes: Vec<Arc<Wish<L, K>>>) {
        if wishes.is_empty() {
            return;
        }
        let of_wishes: Vec<Vec<K>> = wishes
            .iter()
            .map(|wish| std::mem::take(&mut *lock(&wish.keys)))
            .collect();
        let mut wanted: HashMap<K, usize, RandomState> = HashMap::with_capacity_and_hasher(
            of_wishes.iter().map(Vec::len).sum(),
            RandomState::default(),
        );
        for key in of_wishes.iter().flatten() {
            match wanted.get_mut(key) {
                Some(times) => *times += 1,
                None => {
                    wanted.insert(key.clone(), 1);
                }
            }
        }
        let keys: Vec<K> = wanted.keys().cloned().collect();
        let asked_by = wishes.iter().map(|wish| &wish.asked_by);
        // Boxed: a task is moved before it runs, and would be moved with all that this takes.
        let load = Box::pin(self.kind.run(keys.len(), asked_by, self.load(&keys)));
        let mut found = unpanicked(load).await;
        tell(&self.kind, &found);
        for (wish, keys) in wishes.into_iter().zip(of_wishes) {
            let found = match &mut found {
                Err(error) => Err(error.clone()),
                Ok(found) => Ok(keys
                    .iter()
                    .map(|key| match wanted.get_mut(key) {
                        Some(times) if *times > 1 => {
                            *times -= 1;
                            found.get(key).cloned()
                        }
                        _ => found.remove(key),
                    })
                    .collect()),
            };
            *lock(&wish.found) = Some(found);
            wish.level.answered_one();
        }
    }

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, L::Value>, LoadError> {
        let load = |batch| {
            self.kind.count(<[K]>::len(batch));
            self.loader.load(batch)
        };
        let mut batches = keys.chunks(MAX_BATCH);
        let mut found = match batches.next() {
            Some(batch) => load(batch).await?,
            None => HashMap::new(),
        };
        for batch in batches {
            found.extend(load(batch).await?);
        }
        Ok(found)
    }
}

impl<L: Send + Sync + 'static> Gatherer<L> {
    /// The row of a key, in one statement with those of all keys of its kind that are wanted now.
    pub(in super::super) async fn load<K: Key>(&self, key: K) -> Result<Option<L::Value>, LoadError>
    where
        L: Loader<K, Error = LoadError>,
    {
        let queue = self.queue::<K>();
        let place = Cell::new(0);
        let wish = wish(
            |wish: &Wish<L, K>| {
                let is_same = Arc::ptr_eq(&wish.queue, &queue);
                if is_same {
                    let mut keys = lock(&wish.keys);
                    place.set(keys.len());
                    keys.push(key.clone());
                }
                is_same
            },
            |level| Wish {
                queue: queue.clone(),
                level,
                keys: Mutex::new(vec![key.clone()]),
                found: Mutex::new(None),
                asked_by: trace::current(),
            },
        );
        let place = place.get();
        let take = || match lock(&wish.found).as_mut()? {
            Ok(found) => Some(Ok(found.get_mut(place).and_then(Option::take))),
            Err(error) => Some(Err(error.clone())),
        };
        wish.level.wait_for(take).await
    }

    fn queue<K: Key>(&self) -> Arc<Queue<L, K>>
    where
        L: Loader<K, Error = LoadError>,
    {
        let kind = TypeId::of::<K>();
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let known = queues.get(&kind).cloned();
        drop(queues);
        if let Some(Ok(queue)) = known.map(Arc::downcast) {
            return queue;
        }
        let queue = Arc::new(Queue::<L, K> {
            loader: self.loader.clone(),
            lanes: self.lanes.clone(),
            kind: Kind::of_key::<K>(&self.metrics),
            share: Share::of(MAX_LATE),
            state: Mutex::new(Waiting {
                wishes: VecDeque::new(),
                is_attended: false,
            }),
        });
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        let queues = queues.entry(kind).or_insert_with(|| queue.clone());
        // Another request may have been first.
        queues.clone().downcast().unwrap_or(queue)
    }
}
