//! Queues: the keys of one type that requests wait for, and the statements that load them.

use std::{
    any::{Any, TypeId},
    cell::Cell,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use foldhash::fast::RandomState;

use super::{
    Backend, BatchLoader, Key, LoadError, Loader, Observer, catch_panic,
    limiter::{ConcurrencyLimiter, KindLimit},
    lock,
    wave::{PendingLoad, Wave, enqueue},
};

/// Maximum number of keys in one statement.
const MAX_BATCH: usize = 1000;

/// Maximum number of slow statements for one type of key. Further keys wait.
const MAX_SLOW: usize = 4;

/// The rows of one request's keys, until its resolvers take them.
type Rows<B, K> = Result<Vec<Option<<B as Loader<K>>::Value>>, LoadError<B>>;

/// The keys of one type in one wave of a request.
struct PendingKeys<B: Backend + Loader<K>, K: Key> {
    queue: Arc<Queue<B, K>>,
    wave: Arc<Wave>,
    keys: Mutex<Vec<K>>,
    rows: Mutex<Option<Rows<B, K>>>,
    context: <B::Observer as Observer>::Context,
}

impl<B, K> PendingLoad for PendingKeys<B, K>
where
    B: Backend + Loader<K, Error = LoadError<B>>,
    K: Key,
{
    fn dispatch(self: Arc<Self>) {
        self.queue.clone().push(self);
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The keys of one type that all requests wait for.
struct Queue<B: Backend + Loader<K>, K: Key> {
    backend: Arc<B>,
    limiter: Arc<ConcurrencyLimiter>,
    observer: Arc<B::Observer>,
    limit: Arc<KindLimit>,
    state: Mutex<State<B, K>>,
}

struct State<B: Backend + Loader<K>, K: Key> {
    pending: VecDeque<Arc<PendingKeys<B, K>>>,
    /// A task sends statements for the pending keys.
    is_running: bool,
}

impl<B, K> Queue<B, K>
where
    B: Backend + Loader<K, Error = LoadError<B>>,
    K: Key,
{
    fn push(self: Arc<Self>, keys: Arc<PendingKeys<B, K>>) {
        let mut state = lock(&self.state);
        state.pending.push_back(keys);
        if !std::mem::replace(&mut state.is_running, true) {
            drop(state);
            tokio::spawn(self.run());
        }
    }

    /// Sends one statement after the other until no keys are pending.
    async fn run(self: Arc<Self>) {
        loop {
            // The batch is taken once it has a permit, when more requests have joined it.
            let load = async {
                let batch = self.next_batch();
                let is_last = batch.is_none();
                self.load_batch(batch.unwrap_or_default()).await;
                is_last
            };
            let on_slow = || self.clone().run_in_new_task();
            let (is_last, is_slow) = self.limiter.run(&self.limit, load, on_slow).await;
            if is_last || is_slow {
                return;
            }
        }
    }

    /// Takes the keys for the next statement.
    fn next_batch(&self) -> Option<Vec<Arc<PendingKeys<B, K>>>> {
        let mut abandoned = Vec::new();
        let mut state = lock(&self.state);
        let mut count = 0;
        let mut batch = Vec::new();
        while let Some(keys) = state.pending.front() {
            // The request may have been dropped while its keys waited.
            if Arc::strong_count(keys) == 1 {
                abandoned.extend(state.pending.pop_front());
                continue;
            }
            count += lock(&keys.keys).len();
            if count > MAX_BATCH && !batch.is_empty() {
                break;
            }
            batch.extend(state.pending.pop_front());
        }
        state.is_running = !batch.is_empty();
        drop(state);
        for keys in abandoned {
            keys.wave.complete_one();
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Hands the pending keys to a new task.
    fn run_in_new_task(self: Arc<Self>) {
        let mut state = lock(&self.state);
        state.is_running = !state.pending.is_empty();
        if state.is_running {
            drop(state);
            tokio::spawn(self.run());
        }
    }

    /// Loads each key of a batch once. Requests that share a row receive clones of it.
    async fn load_batch(&self, batch: Vec<Arc<PendingKeys<B, K>>>) {
        if batch.is_empty() {
            return;
        }
        let keys_of_each: Vec<Vec<K>> = batch
            .iter()
            .map(|pending| std::mem::take(&mut *lock(&pending.keys)))
            .collect();
        let mut uses: HashMap<K, usize, RandomState> = HashMap::with_capacity_and_hasher(
            keys_of_each.iter().map(Vec::len).sum(),
            RandomState::default(),
        );
        for key in keys_of_each.iter().flatten() {
            match uses.get_mut(key) {
                Some(uses) => *uses += 1,
                None => {
                    uses.insert(key.clone(), 1);
                }
            }
        }
        let keys: Vec<K> = uses.keys().cloned().collect();
        let contexts = batch.iter().map(|pending| &pending.context);
        let load = catch_panic(self.load(&keys));
        // Boxed, since a task is moved before it runs, and would be moved with all of this.
        let mut found = Box::pin(self.observer.observe(keys.len(), contexts, load)).await;
        for (pending, keys) in batch.into_iter().zip(keys_of_each) {
            let rows = match &mut found {
                Err(error) => Err(error.clone()),
                Ok(found) => Ok(keys
                    .iter()
                    .map(|key| match uses.get_mut(key) {
                        Some(uses) if *uses > 1 => {
                            *uses -= 1;
                            found.get(key).cloned()
                        }
                        _ => found.remove(key),
                    })
                    .collect()),
            };
            *lock(&pending.rows) = Some(rows);
            pending.wave.complete_one();
        }
    }

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, B::Value>, LoadError<B>> {
        let load = |keys| {
            self.observer.record_batch(<[K]>::len(keys));
            self.backend.load(keys)
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

impl<B: Backend> BatchLoader<B> {
    /// Loads the row of a key, in one statement with the keys of its type that are pending now.
    ///
    /// # Errors
    /// The statement failed or panicked.
    pub async fn load<K: Key>(&self, key: K) -> Result<Option<B::Value>, LoadError<B>>
    where
        B: Loader<K, Error = LoadError<B>>,
    {
        let queue = self.queue::<K>();
        let index = Cell::new(0);
        let pending = enqueue(
            |pending: &PendingKeys<B, K>| {
                let is_same = Arc::ptr_eq(&pending.queue, &queue);
                if is_same {
                    let mut keys = lock(&pending.keys);
                    index.set(keys.len());
                    keys.push(key.clone());
                }
                is_same
            },
            |wave| PendingKeys {
                queue: queue.clone(),
                wave,
                keys: Mutex::new(vec![key.clone()]),
                rows: Mutex::new(None),
                context: B::Observer::context(),
            },
        );
        let index = index.get();
        let take_row = || match lock(&pending.rows).as_mut()? {
            Ok(rows) => Some(Ok(rows.get_mut(index).and_then(Option::take))),
            Err(error) => Some(Err(error.clone())),
        };
        pending.wave.wait_for(take_row).await
    }

    fn queue<K: Key>(&self) -> Arc<Queue<B, K>>
    where
        B: Loader<K, Error = LoadError<B>>,
    {
        let key_type = TypeId::of::<K>();
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let known = queues.get(&key_type).cloned();
        drop(queues);
        if let Some(Ok(queue)) = known.map(Arc::downcast) {
            return queue;
        }
        let queue = Arc::new(Queue::<B, K> {
            backend: self.backend.clone(),
            limiter: self.limiter.clone(),
            observer: self.backend.observer::<K>(),
            limit: KindLimit::new(MAX_SLOW),
            state: Mutex::new(State {
                pending: VecDeque::new(),
                is_running: false,
            }),
        });
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        let queues = queues.entry(key_type).or_insert_with(|| queue.clone());
        // Another request may have been first.
        queues.clone().downcast().unwrap_or(queue)
    }
}
