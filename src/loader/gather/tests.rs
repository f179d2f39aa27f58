//! What requests load together, what waits for what, and what a failure takes along.

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
    future::{BoxFuture, join, join_all, ready, try_join},
};
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};

use super::{
    super::{ListError, LoadError, measured::Kind},
    Alone, Gatherer, gather,
    lanes::PATIENCE,
    lock,
};
use crate::metrics::Metrics;

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

async fn run<T: Send + 'static>(
    gatherer: &Gatherer<Numbers>,
    kind: &Arc<Kind>,
    statement: BoxFuture<'static, Result<T, LoadError>>,
) -> Result<T, ListError> {
    let work = Alone::new(None, statement);
    gatherer.errand(kind, work, Option::take).await
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
    let other = run(&gatherer, &kind, async { Ok(8) }.boxed());
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
                run(&gatherer, &errands(), statement.boxed()).await
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
async fn room_that_other_kinds_make_is_used() {
    let (_, gatherer) = gatherer(false);
    let begun = Arc::new(AtomicUsize::new(0));
    let (end, end_other) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ask = |end: &Arc<Semaphore>| {
        let (begun, end) = (begun.clone(), end.clone());
        async move {
            begun.fetch_add(1, Ordering::SeqCst);
            end.acquire().await.expect("never closed").forget();
        }
    };
    let mut stuck = Vec::new();
    for _ in 0..6 {
        let (gatherer, asked) = (gatherer.clone(), ask(&end));
        stuck.push(tokio::spawn(gather(async move {
            run(&gatherer, &errands(), asked.map(Ok).boxed()).await
        })));
    }
    tokio::time::sleep(PATIENCE * 100).await;
    for _ in 0..3 {
        let (gatherer, asked) = (gatherer.clone(), ask(&end_other).map(|()| Ok(1)));
        stuck.push(tokio::spawn(gather(async move {
            run(&gatherer, &errands(), asked.boxed())
                .await
                .map(|_: u8| ())
        })));
    }
    tokio::time::sleep(PATIENCE * 100).await;
    // Two had begun before it was known that they take long.
    assert_eq!(begun.load(Ordering::SeqCst), 8);
    end.add_permits(6);
    tokio::time::sleep(PATIENCE * 100).await;
    assert_eq!(
        begun.load(Ordering::SeqCst),
        9,
        "the last of the other kind"
    );
    end_other.add_permits(3);
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
    gather(run::<()>(&gatherer, &errands(), panicking))
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
        run(&gatherer, &kind, statement.boxed())
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
        run(&gatherer, &errands(), statement.boxed()).await
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
