//! Batching, concurrency, and the scope of a failure.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join, join_all, ready, try_join},
};
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};

use super::{
    Admission, Backend, BatchLoader, Key, Loader, Observer, Panicked, Work, batch_loads,
    limiter::SLOW_AFTER, lock,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Panicked,
    Refused,
}

impl From<Panicked> for Failure {
    fn from(Panicked: Panicked) -> Self {
        Self::Panicked
    }
}

/// Maps each number to itself, and records the keys of each statement.
#[derive(Default)]
struct Numbers {
    queries: Mutex<Vec<Vec<u32>>>,
    has_query: Notify,
    may_respond: Notify,
    /// Each statement waits for `may_respond`.
    waits: bool,
}

struct Unobserved;

impl Observer for Unobserved {
    type Error = Failure;
    type Context = ();

    fn context() {}

    async fn observe<'a, T: Send>(
        self: &Arc<Self>,
        _: usize,
        _: impl Iterator<Item = &'a ()> + Send,
        load: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        load.await
    }

    fn record_batch(&self, _: usize) {}
}

impl Backend for Numbers {
    type Observer = Unobserved;

    fn observer<K: Key>(&self) -> Arc<Unobserved> {
        Arc::new(Unobserved)
    }
}

impl Key for u32 {
    fn kind() -> Cow<'static, str> {
        "number".into()
    }
}

impl Loader<u32> for Numbers {
    type Value = u32;
    type Error = Failure;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, Failure> {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        lock(&self.queries).push(sorted);
        self.has_query.notify_one();
        if self.waits {
            self.may_respond.notified().await;
        }
        assert!(!keys.contains(&13), "a row that cannot be read");
        Ok(keys.iter().map(|key| (*key, *key)).collect())
    }
}

/// A statement, and the signal that admits it.
struct Statement<T>(
    Option<AdmissionSignal>,
    BoxFuture<'static, Result<T, Failure>>,
);

/// Receives the decision to admit a statement.
type AdmissionSignal = tokio::sync::oneshot::Receiver<bool>;

impl<T: Send + 'static> Work for Statement<T> {
    type Output = T;
    type Error = Failure;
    type Admission = AdmissionSignal;

    fn take_admission(&mut self) -> Option<AdmissionSignal> {
        self.0.take()
    }

    fn run(self) -> BoxFuture<'static, Result<T, Failure>> {
        self.1
    }
}

impl Admission for AdmissionSignal {
    type Error = Failure;

    async fn admit<T: Send>(
        self,
        is_abandoned: impl Fn() -> bool + Send,
        statement: impl Future<Output = T> + Send,
    ) -> Result<Option<T>, Failure> {
        match self.await {
            _ if is_abandoned() => Ok(None),
            Ok(true) => Ok(Some(statement.await)),
            _ => Err(Failure::Refused),
        }
    }
}

fn loader(waits: bool) -> (Arc<Numbers>, Arc<BatchLoader<Numbers>>) {
    let numbers = Arc::new(Numbers {
        waits,
        ..Numbers::default()
    });
    let loader = BatchLoader::new(numbers.clone(), 10, Arc::default());
    (numbers, Arc::new(loader))
}

async fn run<T: Send + 'static>(
    loader: &BatchLoader<Numbers>,
    statement: BoxFuture<'static, Result<T, Failure>>,
) -> Result<T, Failure> {
    let work = Statement(None, statement);
    loader
        .run_single(&Arc::new(Unobserved), work, Option::take)
        .await
}

fn queries(numbers: &Numbers) -> Vec<Vec<u32>> {
    lock(&numbers.queries).clone()
}

#[tokio::test]
async fn the_load_of_a_dropped_resolver_is_skipped() {
    let ((_, given_up), (numbers, other)) = (loader(false), loader(false));
    let failing = async {
        let loading = async { given_up.load(1).await.map_err(|_| ()) };
        try_join(loading, ready(Err::<(), ()>(()))).await
    };
    let request = batch_loads(join(failing, other.load(2)));
    let (failed, found) = timeout(Duration::from_secs(10), request)
        .await
        .expect("a response");
    assert!(failed.is_err());
    assert_eq!(found.expect("rows"), Some(2));
    assert_eq!(queries(&numbers), [[2]]);
}

#[tokio::test]
async fn a_wave_is_one_statement() {
    let (numbers, loader) = loader(false);
    let request = async {
        // More than the request polls directly.
        let first = join_all((0..100).map(|key| loader.load(key % 50))).await;
        let second = join(loader.load(7), loader.load(8)).await;
        (first.len(), second.0)
    };
    let (loaded, seven) = batch_loads(request).await;
    assert_eq!((loaded, seven.expect("a number")), (100, Some(7)));
    let all: Vec<u32> = (0..50).collect();
    assert_eq!(queries(&numbers), [all, vec![7, 8]]);
}

#[tokio::test(start_paused = true)]
async fn keys_enqueued_while_a_statement_runs_share_the_next() {
    let (numbers, loader) = loader(true);
    let send = |key| {
        let loader = loader.clone();
        tokio::spawn(batch_loads(async move { loader.load(key).await }))
    };
    let first = send(1);
    numbers.has_query.notified().await;
    let others = [2, 3, 4].map(send);
    // Polls each once before this task; the clock stands still meanwhile.
    tokio::task::yield_now().await;
    numbers.may_respond.notify_one();
    first.await.expect("no panic").expect("a number");
    numbers.has_query.notified().await;
    numbers.may_respond.notify_one();
    for other in others {
        other.await.expect("no panic").expect("a number");
    }
    assert_eq!(queries(&numbers), [vec![1], vec![2, 3, 4]]);
}

#[tokio::test(start_paused = true)]
async fn behind_four_slow_statements_further_keys_wait_and_share_one() {
    let (numbers, loader) = loader(true);
    let send = |key| {
        let loader = loader.clone();
        tokio::spawn(batch_loads(async move { loader.load(key).await }))
    };
    let mut slow = Vec::new();
    for key in [1, 2, 3, 4] {
        slow.push(send(key));
        numbers.has_query.notified().await;
    }
    let given_up = send(5);
    let waiting = [6, 7].map(send);
    // The paused clock advances once every task waits; all four are slow by then.
    tokio::time::sleep(SLOW_AFTER * 2).await;
    given_up.abort();
    assert_eq!(queries(&numbers), [[1], [2], [3], [4]]);

    // Another kind does not wait.
    let other = run(&loader, async { Ok(8) }.boxed());
    assert_eq!(batch_loads(other).await.expect("a number"), 8);

    numbers.may_respond.notify_one();
    numbers.has_query.notified().await;
    assert_eq!(queries(&numbers)[4..], [[6, 7]]);
    for _ in 0..4 {
        numbers.may_respond.notify_one();
        tokio::task::yield_now().await;
    }
    for load in slow.into_iter().chain(waiting) {
        load.await.expect("no panic").expect("a number");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_single_statements_leave_connections_to_others() {
    let (numbers, loader) = loader(false);
    let (begun, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let stuck: Vec<_> = (0..20)
        .map(|_| {
            let (loader, begun, end) = (loader.clone(), begun.clone(), end.clone());
            tokio::spawn(batch_loads(async move {
                let statement = async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    end.acquire().await.expect("never closed").forget();
                    Ok(())
                };
                run(&loader, statement.boxed()).await
            }))
        })
        .collect();
    tokio::time::sleep(SLOW_AFTER * 100).await;
    let under_way = begun.load(Ordering::SeqCst);
    assert!(
        (2..=7).contains(&under_way),
        "{under_way} of 10 connections"
    );
    let found = batch_loads(loader.load(1)).await;
    assert_eq!(
        (found.expect("a number"), queries(&numbers)),
        (Some(1), vec![vec![1]])
    );
    end.add_permits(20);
    for load in stuck {
        load.await.expect("no panic").expect("a response");
    }
}

#[tokio::test(start_paused = true)]
async fn room_freed_by_other_kinds_is_used() {
    let (_, loader) = loader(false);
    let begun = Arc::new(AtomicUsize::new(0));
    let (end, end_other) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let send = |end: &Arc<Semaphore>| {
        let (begun, end) = (begun.clone(), end.clone());
        async move {
            begun.fetch_add(1, Ordering::SeqCst);
            end.acquire().await.expect("never closed").forget();
        }
    };
    let mut stuck = Vec::new();
    for _ in 0..6 {
        let (loader, statement) = (loader.clone(), send(&end));
        stuck.push(tokio::spawn(batch_loads(async move {
            run(&loader, statement.map(Ok).boxed()).await
        })));
    }
    tokio::time::sleep(SLOW_AFTER * 100).await;
    for _ in 0..3 {
        let (loader, statement) = (loader.clone(), send(&end_other).map(|()| Ok(1)));
        stuck.push(tokio::spawn(batch_loads(async move {
            run(&loader, statement.boxed()).await.map(|_: u8| ())
        })));
    }
    tokio::time::sleep(SLOW_AFTER * 100).await;
    // Two began before they were known to be slow.
    assert_eq!(begun.load(Ordering::SeqCst), 8);
    end.add_permits(6);
    tokio::time::sleep(SLOW_AFTER * 100).await;
    assert_eq!(
        begun.load(Ordering::SeqCst),
        9,
        "the last of the other kind"
    );
    end_other.add_permits(3);
    for load in stuck {
        load.await.expect("no panic").expect("a response");
    }
}

#[tokio::test(start_paused = true)]
async fn one_slow_statement_does_not_delay_others() {
    let (numbers, loader) = loader(true);
    let send = |key| {
        let loader = loader.clone();
        tokio::spawn(batch_loads(async move { loader.load(key).await }))
    };
    let slow = send(1);
    numbers.has_query.notified().await;
    let quick = send(2);
    // The first has no response yet. The paused clock advances once every task waits.
    numbers.has_query.notified().await;
    assert_eq!(queries(&numbers), [vec![1], vec![2]]);
    numbers.may_respond.notify_one();
    numbers.may_respond.notify_one();
    slow.await.expect("no panic").expect("a number");
    quick.await.expect("no panic").expect("a number");
}

#[tokio::test]
async fn a_panic_fails_its_statement_alone() {
    let (_, loader) = loader(false);
    batch_loads(loader.load(13)).await.expect_err("a panic");
    let found = batch_loads(loader.load(14)).await;
    assert_eq!(found.expect("a number"), Some(14));
    let panicking = async { panic!("not to be read") }.boxed();
    batch_loads(run::<()>(&loader, panicking))
        .await
        .expect_err("a panic");
}

#[tokio::test]
async fn a_request_resumes_when_its_whole_wave_is_loaded() {
    let (_, loader) = loader(false);
    let begun = Arc::new(AtomicUsize::new(0));
    let load = |wait: usize| {
        let begun = begun.clone();
        let statement = async move {
            begun.fetch_add(1, Ordering::SeqCst);
            for _ in 0..wait {
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        run(&loader, statement.boxed())
    };
    let seen = batch_loads(join_all([1, 50, 3].map(|wait| {
        let (statement, begun) = (load(wait), &begun);
        async move {
            statement.await.expect("no failure");
            begun.load(Ordering::SeqCst)
        }
    })))
    .await;
    assert_eq!(seen, [3, 3, 3]);
}

#[tokio::test]
async fn a_dropped_request_interrupts_no_statement() {
    let (_, loader) = loader(false);
    let (started, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (start, end) = (started.clone(), ended.clone());
    let request = tokio::spawn(batch_loads(async move {
        let statement = async move {
            start.notify_one();
            tokio::task::yield_now().await;
            end.notify_one();
            Ok(())
        };
        run(&loader, statement.boxed()).await
    }));
    started.notified().await;
    request.abort();
    let (_, ()) = join(request, ended.notified()).await;
}

#[tokio::test]
async fn outside_of_a_request_a_key_is_loaded_by_itself() {
    let (numbers, loader) = loader(false);
    assert_eq!(loader.load(1).await.expect("a number"), Some(1));
    assert_eq!(queries(&numbers), [[1]]);
}

#[tokio::test]
async fn a_statement_is_sent_only_if_it_is_admitted() {
    let (_, loader) = loader(false);
    let sent = Arc::new(AtomicUsize::new(0));
    let request = |is_admitted: bool| {
        let (signal, admission) = tokio::sync::oneshot::channel();
        signal.send(is_admitted).expect("a receiver");
        let (loader, sent) = (loader.clone(), sent.clone());
        batch_loads(async move {
            let statement = async move { Ok(sent.fetch_add(1, Ordering::SeqCst)) };
            let work = Statement(Some(admission), statement.boxed());
            let observer = Arc::new(Unobserved);
            loader.run_single(&observer, work, Option::take).await
        })
    };
    assert_eq!(request(true).await, Ok(0));
    assert_eq!(request(false).await, Err(Failure::Refused));
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}
