use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;

static START: Once = Once::new();

fn main() {
    let total = Arc::new((Mutex::new(0u64), Condvar::new()));
    let table = Arc::new(RwLock::new(vec![0u64; 4]));
    let barrier = Arc::new(Barrier::new(4));
    let (send, receive) = mpsc::channel();
    let threads: Vec<_> = (0..4u64)
        .map(|k| {
            let (total, table, barrier, send) = (total.clone(), table.clone(), barrier.clone(), send.clone());
            thread::Builder::new()
                .name(format!("worker {k}"))
                .spawn(move || {
                    START.call_once(|| ());
                    barrier.wait();
                    for n in 0..100 {
                        *total.0.lock().unwrap() += n;
                        table.write().unwrap()[k as usize] += n;
                    }
                    total.1.notify_all();
                    send.send(k).unwrap();
                })
                .unwrap()
        })
        .collect();
    drop(send);
    let mut seen: Vec<u64> = receive.iter().collect();
    seen.sort();
    for thread in threads {
        thread.join().unwrap();
    }
    let guard = total.1.wait_while(total.0.lock().unwrap(), |sum| *sum < 4 * 4950).unwrap();
    println!("{} {:?} {:?}", *guard, table.read().unwrap(), seen);
}
