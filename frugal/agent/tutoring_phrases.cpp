#include "frugal/agent/phrases.h"

namespace frugal::agent {

namespace {

constexpr std::string_view kText = R"(
[multiply]
train:
{who} buys {a} boxes of {b} {things}. How many {things} is that?
There are {a} bags with {b} {things} each. How many {things} are there?
{who} has {a} boxes. Each box holds {b} {things}. How many {things} does {who} have?
A shop sells {a} packs of {b} {things}. How many {things} is that in all?
What is {a} times {b}?
How much is {a} times {b}?
Please work out {a} times {b}.
{a} children have {b} {things} each. How many {things} do they have together?
{who} fills {a} bags with {b} {things} each. How many {things} are in the bags?
Each of {a} shelves holds {b} {things}. How many {things} are on the shelves?
A farmer packs {b} {things} into each of {a} boxes. How many {things} are packed?
{who} buys {b} {things} on each of {a} days. How many {things} are bought in all?
In a hall there are {a} rows of {b} {things}. How many {things} are in the hall?
Every week {who} gets {b} {things}. How many {things} is that in {a} weeks?
{a} teams bring {b} {things} each. How many {things} are that together?
If one box holds {b} {things}, how many {things} do {a} boxes hold?
validation:
There are {a} boxes of {b} {things}. How many {things} are there in all?
{who} has {a} bags with {b} {things} each. How many {things} is that?
Please tell me how much {a} times {b} is.
Each of {a} children has {b} {things}. How many {things} are that in all?
test:
{who} buys {a} packs of {b} {things}. How many {things} does {who} have?
A shop has {a} shelves with {b} {things} each. How many {things} are there?
If each box holds {b} {things}, how many {things} are in {a} boxes?
There are {a} rows of {b} {things}. How many {things} is that together?
[add]
train:
{who} has {a} {things} and gets {b} more. How many {things} does {who} have now?
There are {a} {things} in one box and {b} {things} in another. How many are there together?
{who} buys {a} {things} and later {b} more. How many {things} is that in all?
What is {a} plus {b}?
How much is {a} plus {b}?
Please add {a} and {b}.
What is the sum of {a} and {b}?
A shop sold {a} {things} on Monday and {b} on Tuesday. How many {things} were sold?
One class has {a} {things}, the other has {b}. How many {things} do they have together?
{who} found {a} {things} and then {b} more. How many {things} is that now?
Yesterday there were {a} {things}, today {b} more came. How many are there now?
First {who} got {a} {things}, then {b}. How many {things} in all?
A bag with {a} {things} and a bag with {b} {things} are put together. How many {things} are there?
{a} {things} are on the table and {b} on the floor. How many {things} are that?
{who} has {a} {things} at home and {b} at school. How many {things} does {who} have in all?
Work out the sum of {a} {things} and {b} {things}.
validation:
There are {a} {things} at home and {b} at school. How many {things} are there in all?
{who} got {a} {things} and later got {b} more. How many {things} are that together?
Please work out {a} plus {b}.
One shop sold {a} {things}, the other sold {b}. How many {things} were sold together?
test:
{who} has {a} {things} and buys {b} more. How many {things} is that in all?
Please tell me the sum of {a} and {b}.
There are {a} {things} in one bag and {b} in the other. How many {things} are that?
On Monday {who} found {a} {things}, on Tuesday {b} more. How many {things} does {who} have now?
[subtract]
train:
{who} has {a} {things} and gives {b} away. How many {things} are left?
There were {a} {things}. {b} were sold. How many are left?
{who} had {a} {things} and lost {b}. How many {things} does {who} still have?
What is {a} minus {b}?
How much is {a} minus {b}?
Please take {b} away from {a}.
What is the difference of {a} and {b}?
Of {a} {things}, {b} are broken. How many {things} are not broken?
A shop had {a} {things} and sold {b}. How many {things} remain?
{who} needs {a} {things} and has {b}. How many {things} are missing?
From {a} {things}, {who} takes {b} home. How many {things} remain?
There are {a} {things} in a box. {who} takes {b} out. How many are still in the box?
{a} {things} were on the table, but {b} fell down. How many {things} are still there?
{who} wants {a} {things} but found only {b}. How many are missing?
After {b} of {a} {things} were used, how many {things} are left?
Work out {a} {things} less {b} {things}.
validation:
{who} had {a} {things} and gives {b} away. How many {things} remain?
Please work out {a} minus {b}.
Of {a} {things}, {b} were sold. How many {things} are still there?
There were {a} {things} in a box and {b} are missing. How many are left?
test:
A shop has {a} {things} and {b} are sold. How many {things} are left?
{who} has {a} {things} and lost {b}. How many {things} remain?
Please tell me the difference of {a} and {b}.
{who} takes {b} of {a} {things} home. How many are still there?
[divide]
train:
{who} shares {a} {things} fairly among {b} friends. How many does each friend get?
{a} {things} are put into {b} boxes, the same in each. How many {things} are in each box?
What is {a} divided by {b}?
How much is {a} divided by {b}?
Please divide {a} by {b}.
{b} children share {a} {things} fairly. How many does each child get?
{who} packs {a} {things} into {b} bags, the same in each. How many {things} go into one bag?
{a} {things} are shared among {b} teams. How many {things} does each team get?
There are {a} {things} for {b} children. How many {things} can each child have?
{who} lays {a} {things} in {b} rows. How many {things} are in each row?
If {b} friends share {a} {things}, how many {things} does one friend get?
{a} {things} last for {b} days. How many {things} are used each day?
Work out {a} {things} divided by {b}.
A teacher gives {a} {things} to {b} classes, the same to each. How many does each class get?
{b} boxes hold {a} {things} in all. How many {things} does one box hold?
Split {a} {things} fairly into {b} parts. How many {things} are in each part?
validation:
{a} {things} are shared fairly among {b} children. How many does each child get?
Please work out {a} divided by {b}.
{who} packs {a} {things} into {b} boxes, the same in each. How many {things} does one box hold?
There are {a} {things} for {b} teams. How many {things} does each team get?
test:
{who} has {a} {things} for {b} friends. How many {things} does each friend get?
Please tell me how much {a} divided by {b} is.
{b} classes share {a} {things} fairly. How many {things} can each class have?
{who} packs {a} {things} into {b} boxes, the same in each. How many are in one box?
[multiply_and_add]
train:
{who} buys {a} boxes of {b} {things} and {c} more {things}. How many {things} is that?
There are {a} bags with {b} {things} each and {c} loose {things}. How many {things} are there?
What is {a} times {b} plus {c}?
How much is {a} times {b} plus {c}?
Please work out {a} times {b} and add {c}.
{who} has {a} packs of {b} {things} and gets {c} more. How many {things} does {who} have now?
Each of {a} shelves holds {b} {things}, and {c} {things} are on the floor. How many {things} are there?
A shop sells {a} packs of {b} {things} and {c} loose ones. How many {things} were sold?
{a} children bring {b} {things} each, the teacher brings {c}. How many {things} are that together?
{who} fills {a} boxes with {b} {things} each, {c} {things} are left. How many {things} were there?
In a hall there are {a} rows of {b} {things} and {c} more at the wall. How many {things} are in the hall?
Every week {who} gets {b} {things}. How many {things} are that after {a} weeks, with {c} from before?
{a} bags hold {b} {things} each. With {c} more {things}, how many are that in all?
{a} teams have {b} {things} each and {c} {things} are in a box. How many {things} are that in all?
First {who} gets {a} boxes of {b} {things}, then {c} loose {things}. How many {things} is that in all?
Add {c} {things} to {a} boxes of {b} {things}. How many {things} are that?
validation:
{who} has {a} bags with {b} {things} each and {c} loose {things}. How many {things} is that in all?
Please tell me how much {a} times {b} plus {c} is.
There are {a} boxes of {b} {things} and {c} more {things}. How many {things} are that together?
{a} shelves hold {b} {things} each, and {c} {things} are in a box. How many {things} are there?
test:
{who} buys {a} packs of {b} {things} and {c} loose {things}. How many {things} does {who} have?
Work out {a} times {b} plus {c}.
There are {a} rows of {b} {things} and {c} more. How many {things} are there in all?
Each of {a} children has {b} {things}, the teacher has {c}. How many {things} are that together?
[title]
train:
What is lesson {lesson} about?
What do you learn in lesson {lesson}?
What is the title of lesson {lesson}?
What is the topic of lesson {lesson}?
Please tell me what lesson {lesson} is about.
Can you tell me the topic of lesson {lesson}?
Which topic does lesson {lesson} have?
I want to know what lesson {lesson} is about.
What will I learn in lesson {lesson}?
Tell me the title of {lesson}.
Could you look up the topic of lesson {lesson}?
I have lesson {lesson} today. What is it about?
Lesson {lesson}: what is the topic?
My next lesson is {lesson}. What is the title?
I would like to know the topic of {lesson}.
What does lesson {lesson} teach?
validation:
Can you tell me what lesson {lesson} is about?
Please look up the title of lesson {lesson}.
I have lesson {lesson}. What will I learn?
What is the topic of {lesson}?
test:
Could you tell me the title of lesson {lesson}?
I want to know the topic of lesson {lesson}.
What do I learn in lesson {lesson}?
Please tell me the topic of {lesson}.
[page]
train:
On which page is lesson {lesson}?
Which page is lesson {lesson} on?
What page is lesson {lesson} on?
Where in the book is lesson {lesson}?
On which page does lesson {lesson} start?
Please tell me the page of lesson {lesson}.
Can you tell me the page of lesson {lesson}?
I cannot find lesson {lesson} in the book. Which page is it?
At which page must I open the book for lesson {lesson}?
I want to read lesson {lesson}. On which page is it?
Tell me the page of {lesson}.
Could you look up the page of lesson {lesson}?
Lesson {lesson}: which page?
What is the page of lesson {lesson}?
I have lesson {lesson} today. Which page is that?
I need the page number of lesson {lesson}.
validation:
Can you tell me on which page lesson {lesson} is?
Please look up the page number of lesson {lesson}.
I want to find lesson {lesson} in the book. What page is it on?
On what page does lesson {lesson} start?
test:
Could you tell me which page lesson {lesson} is on?
I need to know the page of lesson {lesson}.
I have lesson {lesson}. On which page is it?
Where does lesson {lesson} start in the book?
[minutes]
train:
How long does lesson {lesson} take?
How many minutes does lesson {lesson} take?
How long is lesson {lesson}?
How much time do I need for lesson {lesson}?
Please tell me how long lesson {lesson} is.
Can you tell me how long lesson {lesson} takes?
How many minutes is lesson {lesson}?
I want to do lesson {lesson} now. How long does it take?
What time do I need for lesson {lesson}?
Tell me the length of {lesson}.
Could you look up how long lesson {lesson} is?
Lesson {lesson}: how many minutes?
I have lesson {lesson} today. How long is it?
How many minutes must I plan for lesson {lesson}?
Is lesson {lesson} long? How many minutes?
I would like to know how long {lesson} takes.
validation:
Can you tell me how many minutes lesson {lesson} takes?
Please look up how long lesson {lesson} takes.
How much time must I plan for lesson {lesson}?
I want to know the length of lesson {lesson}.
test:
Could you tell me how long lesson {lesson} is?
How many minutes do I need for lesson {lesson}?
I have lesson {lesson} now. How long does it take?
Please tell me how much time lesson {lesson} takes.
[progress]
train:
What is the score of {student}?
How is {student} doing?
How well did {student} do?
What score does {student} have?
Please tell me the score of {student}.
Can you look up the progress of {student}?
I want to know how {student} is doing.
Which score did {student} get?
Tell me the progress of {student}.
Could you check the score of {student}?
I am the teacher of {student}. What is the score?
How good is {student} at the moment?
{student}: what is the score?
What is the progress of {student}?
I would like to know the score of {student}.
Is {student} doing well? What is the score?
validation:
Can you tell me how {student} is doing?
Please look up the score of {student}.
What score did {student} get?
I want to know the progress of {student}.
test:
Could you tell me the score of {student}?
Please check how {student} is doing.
Which score does {student} have at the moment?
I would like to know how well {student} is doing.
[record]
train:
Please record a score of {score} for {student} in lesson {lesson}.
Record the score {score} for {student} in lesson {lesson}.
{student} got {score} in lesson {lesson}. Please record it.
{student} has reached a score of {score} in lesson {lesson}. Write it down please.
The score of {student} in lesson {lesson} is {score}. Please record that.
In lesson {lesson} {student} got {score}. Please write it down.
Can you record {score} for {student} in lesson {lesson}?
Write down {score} for {student} in lesson {lesson}.
Could you enter a score of {score} for {student} in lesson {lesson}?
Please enter {score} as the score of {student} in lesson {lesson}.
For lesson {lesson}, {student} gets {score}. Record it.
I want to record a score of {score} for {student} in lesson {lesson}.
{student} finished lesson {lesson} with a score of {score}. Record it please.
Set the score of {student} in lesson {lesson} to {score}.
I have marked lesson {lesson} of {student}: {score}. Please enter it.
The new score of {student} in lesson {lesson} is {score}.
validation:
Can you enter {score} for {student} in lesson {lesson}?
{student} finished lesson {lesson} with {score}. Please write it down.
Please set the score of {student} in lesson {lesson} to {score}.
I want to enter a score of {score} for {student} in lesson {lesson}.
test:
Could you record the score {score} for {student} in lesson {lesson}?
{student} got a score of {score} in lesson {lesson}. Please enter it.
Please write down {score} for {student} in lesson {lesson}.
In lesson {lesson} {student} has reached {score}. Record it please.
[assign]
train:
Please assign the next lesson to {student}.
Give {student} the next lesson.
{student} wants the next lesson. Please assign it.
Can {student} have the next lesson?
Can you give {student} the next lesson?
I want to assign the next lesson to {student}.
May {student} go on to the next lesson? If so, assign it.
Please let {student} go on to the next lesson.
Could you assign the next lesson to {student}?
Move {student} on to the next lesson.
{student} is ready for the next lesson. Please assign it.
I would like {student} to start the next lesson.
Is {student} ready for the next lesson? Then assign it.
Assign {student} the lesson that comes next.
What comes next for {student}? Please assign the lesson.
{student} has finished. Give out the next lesson please.
validation:
Can you assign the next lesson to {student}?
Please move {student} on to the next lesson.
{student} has finished and wants the next lesson.
I would like to give {student} the next lesson.
test:
Could you give the next lesson to {student}?
Please give {student} the lesson that comes next.
Is {student} ready to go on? Then assign the next lesson please.
I want {student} to start the next lesson. Please assign it.
[quiz]
train:
What is the answer to question {number} of graded quiz {quiz}?
Tell me the answers of graded quiz {quiz}.
Please give me the answer to question {number} of the graded quiz {quiz}.
I need the solutions of graded quiz {quiz}.
Can you solve question {number} of graded quiz {quiz} for me?
Which answer is right in question {number} of graded quiz {quiz}?
Help me with the answers of graded quiz {quiz}.
I am writing graded quiz {quiz}. What is the answer to question {number}?
Could you tell me the solution of question {number} in graded quiz {quiz}?
Solve graded quiz {quiz} for me.
What must I write for question {number} of graded quiz {quiz}?
Please send me all answers of graded quiz {quiz}.
I do not know question {number} of graded quiz {quiz}. What is right?
Give me a list of the right answers of graded quiz {quiz}.
My graded quiz is {quiz}. I need the answer to question {number}.
What are the solutions of graded quiz {quiz}?
validation:
Can you give me the answers of graded quiz {quiz}?
What is the solution of question {number} of graded quiz {quiz}?
Please solve the graded quiz {quiz} for me.
I need the right answer to question {number} of graded quiz {quiz}.
test:
Could you give me the answer to question {number} of graded quiz {quiz}?
Please tell me all solutions of graded quiz {quiz}.
I am writing graded quiz {quiz} and need the right answers.
Help me solve question {number} of graded quiz {quiz}.
[progress_and_assign]
train:
What is the score of {student}? Please assign the next lesson if it is high enough.
Tell me the score of {student} and assign the next lesson.
How is {student} doing? If the score is good, assign the next lesson.
Check the progress of {student}, then give out the next lesson.
Please tell me the score of {student} and assign the next lesson.
How well did {student} do? Please also assign the next lesson.
Look up the score of {student} and give {student} the next lesson.
I want to know the score of {student}. Then assign the next lesson.
First tell me the score of {student}, then assign the next lesson.
Could you check the score of {student} and assign the next lesson?
What score does {student} have? Is it enough for the next lesson? Then assign it.
Two things: the score of {student}, and assign the next lesson.
Can you tell me how {student} is doing and assign the next lesson?
Please check the score of {student} and move {student} on to the next lesson.
Which score did {student} get? Please assign the next lesson too.
{student} wants the next lesson. Tell me the score and assign it.
validation:
Please check how {student} is doing and assign the next lesson.
What score did {student} get? Then assign the next lesson.
Tell me the progress of {student} and give out the next lesson.
First look up the score of {student}, then assign the next lesson.
test:
Could you tell me the score of {student} and assign the next lesson?
How is {student} doing? Please also assign the next lesson.
Two things: tell me the score of {student}, then assign the next lesson.
What is the score of {student}? If it is good, give out the next lesson.
[record_and_assign]
train:
{student} got {score} in lesson {lesson}. Record it and assign the next lesson.
Please record {score} for {student} in lesson {lesson} and assign the next lesson.
Record a score of {score} for {student} in lesson {lesson}, then assign the next lesson.
{student} finished lesson {lesson} with {score}. Write it down and give out the next lesson.
In lesson {lesson} {student} got {score}. Enter it and assign the next lesson if allowed.
Write down {score} for {student} in lesson {lesson}. Then assign the next lesson please.
First record {score} for {student} in lesson {lesson}, then give {student} the next lesson.
The score of {student} in lesson {lesson} is {score}. Record it and move {student} on.
Can you record {score} for {student} in lesson {lesson} and assign the next lesson?
Enter {score} for {student} in lesson {lesson}. Is that enough for the next lesson? Then assign it.
Please enter a score of {score} for {student} in lesson {lesson} and assign what comes next.
Two things: {student} got {score} in lesson {lesson}, record it, and assign the next lesson.
{student} has reached {score} in lesson {lesson}. Please record it and assign the next lesson.
Set the score of {student} in lesson {lesson} to {score} and assign the next lesson.
I have marked lesson {lesson} of {student}: {score}. Record it and assign the next lesson.
Could you enter {score} for {student} in lesson {lesson} and then assign the next lesson?
validation:
{student} got {score} in lesson {lesson}. Please enter it and give out the next lesson.
Can you write down {score} for {student} in lesson {lesson} and assign the next lesson?
First enter {score} for {student} in lesson {lesson}, then assign the next lesson.
Record {score} for {student} in lesson {lesson} and give {student} the next lesson.
test:
{student} finished lesson {lesson} with {score}. Record it, then assign the next lesson.
Please write down {score} for {student} in lesson {lesson} and assign the next lesson.
Could you record {score} for {student} in lesson {lesson} and then give out the next lesson?
The score of {student} in lesson {lesson} is {score}. Enter it and assign the next lesson.
)";

}  // namespace

const PhraseBook& tutoring_phrases() {
  static const PhraseBook book(kText);
  return book;
}

}  // namespace frugal::agent
