//! When a statement is sent, and for whom.
//!
//! There is no timer. What a request's resolvers want is collected while they have their turn, and
//! handed in when none of them can go on: a level of a query is one wish a kind of key, whatever
//! its size. A kind of key has one statement under way; what all requests want meanwhile goes into
//! its next one. So a lone request waits for nobody, and the busier the gateway, the fewer
//! statements a request costs.
//!
//! A statement that takes long is waited for by few of its kind, whoever else asks: a table that is
//! locked shall not take all connections, and leave none to those who do not read it.

use std::{
    any::{Any, TypeId},
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    hash::Hash,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_graphql::dataloader::Loader;
use futures_util::{
    FutureExt,
    future::{BoxFuture, poll_fn},
    task::AtomicWaker,
};
use tokio::{
    sync::{AcquireError, Notify, Semaphore, SemaphorePermit},
    time::timeout,
};
use tracing::Span;

use super::{LoadError, measured::Kind};
use crate::{metrics::Metrics, trace};

/// Most keys in one statement.
const MAX_BATCH: usize = 1000;

/// How many kinds of keys have a statement under way at once: few statements of many keys cost the
/// database less than many of few.
const LANES: usize = 2;

/// How long a statement keeps its lane, and its kind of key waiting.
const PATIENCE: Duration = Duration::from_millis(5);

/// How many statements for a kind of key may take long before more of it wait behind them.
const MAX_LATE: usize = 4;

tokio::task_local! {
    /// What the running request wants since it was last polled.
    static OPEN: RefCell<Option<Open>>;
}

/// Locks what no panic can leave half-changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request wants that is not handed in yet.
#[derive(Default)]
struct Open {
    level: Arc<Level>,
    wishes: Vec<Arc<dyn Wished>>,
}

/// What can be handed in.
trait Wished: Send + Sync {
    fn hand_in(self: Arc<Self>);

    /// The wish itself, if it may take more keys.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// The wishes of a request that are handed in together, and answered together.
#[derive(Default)]
struct Level {
    unanswered: AtomicUsize,
    resolvers: Mutex<Vec<Waker>>,
    request: AtomicWaker,
}

impl Level {
    fn answered_one(&self) {
        if self.unanswered.fetch_sub(1, Ordering::AcqRel) == 1 {
            for resolver in std::mem::take(&mut *lock(&self.resolvers)) {
                resolver.wake();
            }
            self.request.wake();
        }
    }

    fn poll_answered(&self, cx: &Context<'_>) -> Poll<()> {
        self.request.register(cx.waker());
        if self.unanswered.load(Ordering::Acquire) == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits for `answer`, which is given before the level is answered.
    async fn wait_for<T>(&self, answer: impl Fn() -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut resolvers = lock(&self.resolvers);
            if let Some(answer) = answer() {
                return Poll::Ready(answer);
            }
            // Resolvers that are polled by their request have its waker.
            if !resolvers
                .last()
                .is_some_and(|last| last.will_wake(cx.waker()))
            {
                resolvers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

/// Runs a request so that what its resolvers load at the same time is loaded together.
///
/// Resolvers go on when all that they wait for is there, so that the number of statements does not
/// hang on what the database answers first. Until then the request is not polled: no lock is waited
/// for here that it could hold.
pub async fn gather<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut waiting: Option<Arc<Level>> = None;
    poll_fn(move |cx| {
        loop {
            if let Some(level) = &waiting {
                if level.poll_answered(cx).is_pending() {
                    return Poll::Pending;
                }
                waiting = None;
            }
            let (polled, open) = OPEN.sync_scope(RefCell::default(), || {
                let polled = request.as_mut().poll(cx);
                (polled, OPEN.with(RefCell::take))
            });
            match (polled, open) {
                (Poll::Pending, Some(open)) => waiting = Some(open.hand_in()),
                (polled, _) => return polled,
            }
        }
    })
    .await
}

impl Open {
    fn hand_in(mut self) -> Arc<Level> {
        // A resolver that wished is given up where one beside it failed: nobody waits for its
        // wish. From here on none is, but with the whole request.
        self.wishes.retain(|wish| Arc::strong_count(wish) > 1);
        // Before the first is handed in: it may be answered at once.
        let wishes = self.wishes.len();
        self.level.unanswered.store(wishes, Ordering::Release);
        for wish in self.wishes {
            wish.hand_in();
        }
        self.level
    }
}

/// Puts a wish among those of the running request, unless one that is there `takes` it. Outside of
/// a [`gather`]ed request it is handed in at once.
fn wish<W: Wished + Any>(takes: impl Fn(&W) -> bool, make: impl FnOnce(Arc<Level>) -> W) -> Arc<W> {
    let found = OPEN.try_with(|open| {
        let open = open.borrow();
        let wishes = open.iter().flat_map(|open| &open.wishes);
        wishes
            .filter_map(|wish| wish.clone().as_any().downcast::<W>().ok())
            .find(|wish| takes(wish))
    });
    if let Ok(Some(wish)) = found {
        return wish;
    }
    let level = OPEN.try_with(|open| open.borrow_mut().get_or_insert_default().level.clone());
    let is_gathered = level.is_ok();
    let level = level.unwrap_or_default();
    let wish = Arc::new(make(level.clone()));
    let wished: Arc<dyn Wished> = wish.clone();
    if is_gathered {
        OPEN.with(|open| {
            open.borrow_mut()
                .get_or_insert_default()
                .wishes
                .push(wished);
        });
    } else {
        let wishes = vec![wished];
        Open { level, wishes }.hand_in();
    }
    wish
}

/// A key of rows that can be loaded in batches.
pub(super) trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

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
        let mut wanted: HashMap<K, usize> = HashMap::new();
        let of_wishes: Vec<Vec<K>> = wishes
            .iter()
            .map(|wish| std::mem::take(&mut *lock(&wish.keys)))
            .collect();
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
        let load = self.kind.run(keys.len(), asked_by, self.load(&keys));
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

/// Loads rows for all requests, by keys of every kind.
pub(super) struct Gatherer<L> {
    loader: Arc<L>,
    lanes: Arc<Lanes>,
    queues: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Of what is fetched by errands, by its type.
    shares: Mutex<HashMap<TypeId, Arc<Share>>>,
    metrics: Metrics,
}

impl<L: Send + Sync + 'static> Gatherer<L> {
    /// `connections`: how many there are for all statements. `late`: how many statements take long,
    /// counted by all gatherers that may use these connections.
    pub(super) fn new(
        loader: Arc<L>,
        connections: usize,
        late: Arc<AtomicUsize>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            loader,
            lanes: Arc::new(Lanes::new(connections, late)),
            queues: RwLock::default(),
            shares: Mutex::default(),
            metrics: metrics.clone(),
        }
    }

    /// The row of a key, in one statement with those of all keys of its kind that are wanted now.
    pub(super) async fn load<K: Key>(&self, key: K) -> Result<Option<L::Value>, LoadError>
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

/// A statement that nobody else asks for.
struct Errand<T> {
    level: Arc<Level>,
    lanes: Arc<Lanes>,
    kind: Arc<Kind>,
    share: Arc<Share>,
    asked_by: Span,
    work: Mutex<Option<BoxFuture<'static, Result<T, LoadError>>>>,
    done: Mutex<Option<Result<T, LoadError>>>,
}

impl<T: Send + 'static> Wished for Errand<T> {
    fn hand_in(self: Arc<Self>) {
        let Some(work) = lock(&self.work).take() else {
            return;
        };
        tokio::spawn(async move {
            let work = async {
                // Its request may have been given up while it waited.
                if Arc::strong_count(&self) == 1 {
                    return None;
                }
                let asked_by = std::iter::once(&self.asked_by);
                let done = unpanicked(self.kind.run(1, asked_by, work)).await;
                tell(&self.kind, &done);
                Some(done)
            };
            let (done, _) = self.lanes.run(&self.share, work, || {}).await;
            *lock(&self.done) = done;
            self.level.answered_one();
        });
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<L> Gatherer<L> {
    /// The share of errands that fetch a `T`.
    fn share<T: 'static>(&self) -> Arc<Share> {
        let mut shares = lock(&self.shares);
        let share = shares.entry(TypeId::of::<T>());
        let share = share.or_insert_with(|| Share::of(self.lanes.max_late));
        share.clone()
    }

    /// Runs `work` of a kind beside what the running request loads.
    pub(super) async fn errand<T: Send + 'static>(
        &self,
        kind: &Arc<Kind>,
        work: BoxFuture<'static, Result<T, LoadError>>,
    ) -> Result<T, LoadError> {
        let errand = wish(
            |_: &Errand<T>| false,
            |level| Errand {
                level,
                lanes: self.lanes.clone(),
                kind: kind.clone(),
                share: self.share::<T>(),
                asked_by: trace::current(),
                work: Mutex::new(Some(work)),
                done: Mutex::new(None),
            },
        );
        errand.level.wait_for(|| lock(&errand.done).take()).await
    }
}

/// Whoever waits for `work` must be answered, even if it panics.
async fn unpanicked<T>(work: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(LoadError::broken("a statement's rows could not be read")))
}

/// Logs a failure, once for all who waited.
fn tell<T>(kind: &Kind, outcome: &Result<T, LoadError>) {
    match outcome {
        Ok(_) => {}
        Err(error @ LoadError::Failed(_)) => {
            tracing::error!(%error, kind = kind.name(), "rows could not be loaded");
        }
        Err(error) => {
            tracing::warn!(%error, kind = kind.name(), "rows could not be loaded");
        }
    }
}

/// How many statements are under way.
struct Lanes {
    free: Semaphore,
    /// How many have left their lane, of all that may use the same connections.
    late: Arc<AtomicUsize>,
    /// How many of these there may be before each kind has but one: the other connections are for
    /// what does not take long.
    max_late: usize,
}

/// What statements of one kind may have of the connections while they take long.
struct Share {
    /// How many have left their lane.
    late: AtomicUsize,
    max_late: usize,
    has_ended: Notify,
}

/// A statement that takes long.
struct Late<'a> {
    lanes: &'a Lanes,
    share: &'a Share,
}

impl Share {
    fn of(max_late: usize) -> Arc<Self> {
        Arc::new(Self {
            late: AtomicUsize::new(0),
            max_late,
            has_ended: Notify::new(),
        })
    }
}

impl<'a> Late<'a> {
    fn of(lanes: &'a Lanes, share: &'a Share) -> Self {
        lanes.late.fetch_add(1, Ordering::AcqRel);
        share.late.fetch_add(1, Ordering::AcqRel);
        Self { lanes, share }
    }
}

impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.lanes.late.fetch_sub(1, Ordering::AcqRel);
        self.share.late.fetch_sub(1, Ordering::AcqRel);
        self.share.has_ended.notify_waiters();
    }
}

impl Lanes {
    fn new(connections: usize, late: Arc<AtomicUsize>) -> Self {
        Self {
            free: Semaphore::new(LANES),
            late,
            max_late: (connections - connections.min(8) / 2).max(1),
        }
    }

    /// Whether one more statement of a kind may take long. The first always may.
    fn have_room(&self, share: &Share) -> bool {
        let late = share.late.load(Ordering::Acquire);
        late == 0 || late < share.max_late && self.late.load(Ordering::Acquire) < self.max_late
    }

    /// A lane for a statement of a kind, once it may take long.
    async fn lane(&self, share: &Share) -> Result<SemaphorePermit<'_>, AcquireError> {
        loop {
            let mut has_ended = pin!(share.has_ended.notified());
            has_ended.as_mut().enable();
            if !self.have_room(share) {
                has_ended.await;
                continue;
            }
            let lane = self.free.acquire().await?;
            // Others of its kind may have taken long meanwhile.
            if self.have_room(share) {
                return Ok(lane);
            }
        }
    }

    /// Runs `statement` in a lane, once there is one. When it takes long it leaves the lane, and
    /// `when_late` is done. Tells whether that was so.
    async fn run<T>(
        &self,
        share: &Share,
        statement: impl Future<Output = T>,
        when_late: impl FnOnce(),
    ) -> (T, bool) {
        // Lanes are never closed.
        let lane = self.lane(share).await;
        let mut statement = pin!(statement);
        match timeout(PATIENCE, &mut statement).await {
            Ok(outcome) => (outcome, false),
            Err(_) => {
                let late = Late::of(self, share);
                drop(lane);
                when_late();
                let outcome = statement.await;
                drop(late);
                (outcome, true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use async_graphql::dataloader::Loader;
    use futures_util::{
        FutureExt,
        future::{join, join_all, ready, try_join},
    };
    use tokio::{
        sync::{Notify, Semaphore},
        time::timeout,
    };

    use super::{super::LoadError, Gatherer, Kind, Metrics, PATIENCE, gather, lock};

    /// Finds each number under itself, once it is let; keeps what it was asked for together.
    #[derive(Default)]
    struct Numbers {
        asked: Mutex<Vec<Vec<u32>>>,
        is_asked: Notify,
        may_answer: Notify,
        waits: bool,
    }

    impl Loader<u32> for Numbers {
        type Value = u32;
        type Error = LoadError;

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, LoadError> {
            let mut sorted = keys.to_vec();
            sorted.sort_unstable();
            lock(&self.asked).push(sorted);
            self.is_asked.notify_one();
            if self.waits {
                self.may_answer.notified().await;
            }
            assert!(!keys.contains(&13), "a row that cannot be read");
            Ok(keys.iter().map(|key| (*key, *key)).collect())
        }
    }

    fn gatherer(waits: bool) -> (Arc<Numbers>, Arc<Gatherer<Numbers>>) {
        let numbers = Arc::new(Numbers {
            waits,
            ..Numbers::default()
        });
        let gatherer = Gatherer::new(numbers.clone(), 10, Arc::default(), &Metrics::default());
        (numbers, Arc::new(gatherer))
    }

    fn errands() -> Arc<Kind> {
        Kind::new(&Metrics::default(), "errands".to_owned())
    }

    fn asked(numbers: &Numbers) -> Vec<Vec<u32>> {
        lock(&numbers.asked).clone()
    }

    #[tokio::test]
    async fn a_resolver_given_up_beside_one_that_failed_holds_nobody_up() {
        let ((_, given_up), (numbers, other)) = (gatherer(false), gatherer(false));
        let failing = async {
            let loading = async { given_up.load(1).await.map_err(|_| ()) };
            try_join(loading, ready(Err::<(), ()>(()))).await
        };
        let request = gather(join(failing, other.load(2)));
        let (failed, found) = timeout(Duration::from_secs(10), request)
            .await
            .expect("an answer");
        assert!(failed.is_err());
        assert_eq!(found.expect("rows"), Some(2));
        assert_eq!(asked(&numbers), [[2]]);
    }

    #[tokio::test]
    async fn what_a_level_of_a_request_wants_is_loaded_together() {
        let (numbers, gatherer) = gatherer(false);
        let request = async {
            // More than are polled by their request directly.
            let first = join_all((0..100).map(|key| gatherer.load(key % 50))).await;
            let second = join(gatherer.load(7), gatherer.load(8)).await;
            (first.len(), second.0)
        };
        let (loaded, seven) = gather(request).await;
        assert_eq!((loaded, seven.expect("a number")), (100, Some(7)));
        let all: Vec<u32> = (0..50).collect();
        assert_eq!(asked(&numbers), [all, vec![7, 8]]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_requests_want_while_a_statement_runs_goes_into_the_next() {
        let (numbers, gatherer) = gatherer(true);
        let ask = |key| {
            let gatherer = gatherer.clone();
            tokio::spawn(gather(async move { gatherer.load(key).await }))
        };
        let first = ask(1);
        numbers.is_asked.notified().await;
        let others = [2, 3, 4].map(ask);
        // Each is polled once before this task is again: the clock stands still meanwhile.
        tokio::task::yield_now().await;
        numbers.may_answer.notify_one();
        first.await.expect("no panic").expect("a number");
        numbers.is_asked.notified().await;
        numbers.may_answer.notify_one();
        for other in others {
            other.await.expect("no panic").expect("a number");
        }
        assert_eq!(asked(&numbers), [vec![1], vec![2, 3, 4]]);
    }

    #[tokio::test(start_paused = true)]
    async fn behind_several_that_take_long_all_of_their_kind_wait_and_share_one() {
        let (numbers, gatherer) = gatherer(true);
        let ask = |key| {
            let gatherer = gatherer.clone();
            tokio::spawn(gather(async move { gatherer.load(key).await }))
        };
        let mut slow = Vec::new();
        for key in [1, 2, 3, 4] {
            slow.push(ask(key));
            numbers.is_asked.notified().await;
        }
        let given_up = ask(5);
        let waiting = [6, 7].map(ask);
        // The clock goes on as soon as everybody waits: all are late by then.
        tokio::time::sleep(PATIENCE * 2).await;
        given_up.abort();
        assert_eq!(asked(&numbers), [[1], [2], [3], [4]]);

        // Another kind waits for nobody.
        let kind = errands();
        let other = gatherer.errand(&kind, async { Ok(8) }.boxed());
        assert_eq!(gather(other).await.expect("a number"), 8);

        numbers.may_answer.notify_one();
        numbers.is_asked.notified().await;
        assert_eq!(asked(&numbers)[4..], [[6, 7]]);
        for _ in 0..4 {
            numbers.may_answer.notify_one();
            tokio::task::yield_now().await;
        }
        for answered in slow.into_iter().chain(waiting) {
            answered.await.expect("no panic").expect("a number");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn errands_that_take_long_leave_connections_to_others() {
        let (numbers, gatherer) = gatherer(false);
        let (begun, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let stuck: Vec<_> = (0..20)
            .map(|_| {
                let (gatherer, begun, end) = (gatherer.clone(), begun.clone(), end.clone());
                tokio::spawn(gather(async move {
                    let statement = async move {
                        begun.fetch_add(1, Ordering::SeqCst);
                        end.acquire().await.expect("never closed").forget();
                        Ok(())
                    };
                    gatherer.errand(&errands(), statement.boxed()).await
                }))
            })
            .collect();
        tokio::time::sleep(PATIENCE * 100).await;
        let under_way = begun.load(Ordering::SeqCst);
        assert!(
            (2..=7).contains(&under_way),
            "{under_way} of 10 connections"
        );
        let found = gather(gatherer.load(1)).await;
        assert_eq!(
            (found.expect("a number"), asked(&numbers)),
            (Some(1), vec![vec![1]])
        );
        end.add_permits(20);
        for answered in stuck {
            answered.await.expect("no panic").expect("an answer");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_behind_a_statement_that_takes_long() {
        let (numbers, gatherer) = gatherer(true);
        let ask = |key| {
            let gatherer = gatherer.clone();
            tokio::spawn(gather(async move { gatherer.load(key).await }))
        };
        let slow = ask(1);
        numbers.is_asked.notified().await;
        let quick = ask(2);
        // While the first has no answer yet; the clock goes on as soon as everybody waits.
        numbers.is_asked.notified().await;
        assert_eq!(asked(&numbers), [vec![1], vec![2]]);
        numbers.may_answer.notify_one();
        numbers.may_answer.notify_one();
        slow.await.expect("no panic").expect("a number");
        quick.await.expect("no panic").expect("a number");
    }

    #[tokio::test]
    async fn a_panic_fails_its_statement_alone() {
        let (_, gatherer) = gatherer(false);
        gather(gatherer.load(13)).await.expect_err("a panic");
        let found = gather(gatherer.load(14)).await;
        assert_eq!(found.expect("a number"), Some(14));
        let panicking = async { panic!("not to be read") }.boxed();
        gather(gatherer.errand::<()>(&errands(), panicking))
            .await
            .expect_err("a panic");
    }

    #[tokio::test]
    async fn a_level_goes_on_when_all_of_it_is_there() {
        let (_, gatherer) = gatherer(false);
        let begun = Arc::new(AtomicUsize::new(0));
        let kind = errands();
        let load = |wait: usize| {
            let begun = begun.clone();
            let statement = async move {
                begun.fetch_add(1, Ordering::SeqCst);
                for _ in 0..wait {
                    tokio::task::yield_now().await;
                }
                Ok(())
            };
            gatherer.errand(&kind, statement.boxed())
        };
        let seen = gather(join_all([1, 50, 3].map(|wait| {
            let (errand, begun) = (load(wait), &begun);
            async move {
                errand.await.expect("no failure");
                begun.load(Ordering::SeqCst)
            }
        })))
        .await;
        assert_eq!(seen, [3, 3, 3]);
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_leaves_its_statements_running() {
        let (_, gatherer) = gatherer(false);
        let (started, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (start, end) = (started.clone(), ended.clone());
        let request = tokio::spawn(gather(async move {
            let statement = async move {
                start.notify_one();
                tokio::task::yield_now().await;
                end.notify_one();
                Ok(())
            };
            gatherer.errand(&errands(), statement.boxed()).await
        }));
        started.notified().await;
        request.abort();
        let (_, ()) = join(request, ended.notified()).await;
    }

    #[tokio::test]
    async fn outside_of_a_gathering_a_key_is_loaded_by_itself() {
        let (numbers, gatherer) = gatherer(false);
        assert_eq!(gatherer.load(1).await.expect("a number"), Some(1));
        assert_eq!(asked(&numbers), [[1]]);
    }
}
